import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** A test's context, or a suite's (see `suiteScope`): what is begun in it ends with it. */
export interface Scope {
  after(fn: () => unknown): void
}

const cleanups = new WeakMap<Scope, (() => unknown)[]>()

/** At the scope's end. Runs last things first, so that a server is stopped before its database goes. */
export function defer(scope: Scope, fn: () => unknown): void {
  const known = cleanups.get(scope)
  if (known) {
    known.push(fn)
    return
  }
  const list = [fn]
  cleanups.set(scope, list)
  scope.after(async () => {
    const failures: unknown[] = []
    for (const cleanup of list.reverse()) {
      try {
        await cleanup()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  })
}

/** To be called in the body of a `describe`, for what all of its tests share. */
export function suiteScope(): Scope {
  const fns: (() => unknown)[] = []
  after(async () => {
    for (const fn of fns) await fn()
  })
  const scope = { after: (fn: () => unknown) => void fns.push(fn) }
  ofSuites.add(scope)
  return scope
}

const ofSuites = new WeakSet<Scope>()
export const isOfSuite = (scope: Scope): boolean => ofSuites.has(scope)

export async function tempFolder(t: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'carrinho-t-'))
  defer(t, () => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}
