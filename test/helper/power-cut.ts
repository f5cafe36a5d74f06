import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Scope } from './scope.ts'

const SOURCE = fileURLToPath(new URL('power-cut.c', import.meta.url))

/**
 * What a power cut would leave of a folder: the files as they were last flushed, and no more. A killed process does not
 * show this, as what it wrote is in the kernel's memory.
 */
export function powerCut(t: Scope) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'carrinho-power-cut-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const library = join(folder, 'power-cut.so')
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl', '-lpthread'], { stdio: 'inherit' })
  let cuts = 0
  const fresh = () => {
    const made = join(folder, `disk-${cuts++}`)
    mkdirSync(made)
    return made
  }
  return {
    fresh,
    /** The environment of a program that writes to `from`, and the folder that a power cut leaves. */
    watch(from: string) {
      const left = fresh()
      cpSync(from, left, { recursive: true }) // what is there has been flushed
      return { left, env: { LD_PRELOAD: library, POWER_CUT_FROM: from, POWER_CUT_TO: left } }
    }
  }
}
