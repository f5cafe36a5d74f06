import { describe } from 'node:test'
import { isFast } from './fast.ts'

export type Engine = 'sqlite' | 'mariadb' | 'postgres'

export const adminUrls: Record<Engine, string | undefined> = {
  sqlite: 'embedded',
  mariadb: process.env.CARRINHO_TEST_MARIADB,
  postgres: process.env.CARRINHO_TEST_POSTGRES
}

export interface EngineInfo {
  engine: Engine
  /** Why it cannot be tested here; undefined when it can. */
  skip: string | undefined
}

const names: Engine[] = ['sqlite', 'mariadb', 'postgres']

export const engines: EngineInfo[] = names.map(engine => ({
  engine,
  skip: required(adminUrls[engine], `CARRINHO_TEST_${engine.toUpperCase()}`)
}))

function required(value: string | undefined, variable: string): string | undefined {
  if (value) return undefined
  const reason = `${variable} is not set: run it with \`npm test\`, which starts the servers`
  if (process.env.CI) throw new Error(reason)
  return reason
}

/** Why something cannot be tested on this machine, if it cannot; where nothing may be skipped that is an error. */
export function skipUnlessInCi(reason: string | undefined): string | undefined {
  if (reason !== undefined && process.env.CI) throw new Error(reason)
  return reason
}

export const skipWithoutHaproxy = () => required(process.env.CARRINHO_TEST_HAPROXY, 'CARRINHO_TEST_HAPROXY')

/** What --fast tries on every engine: the store itself. A web server does with each of them what it does with the embedded one. */
const isOfStore = /[\\/]test[\\/]store[\\/]/.test(process.argv[1] ?? '')
const isLeftOut = (engine: Engine) => isFast && !isOfStore && engine !== 'sqlite'

/** One suite per engine, skipped with its reason where the engine is not at hand. */
export function forEachEngine(title: string, suite: (engine: Engine) => void, only: Engine[] = names): void {
  for (const { engine, skip } of engines) {
    if (!only.includes(engine)) continue
    const reason = isLeftOut(engine) ? 'not with --fast' : skip
    describe(`${title} (${engine})`, { skip: reason ?? false }, () => suite(engine))
  }
}
