import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { defer, type Scope, tempFolder } from './scope.ts'

export interface SmallDisk {
  folder: string
  /** Takes what room there is. */
  fill(): void
  /** Gives that room back. */
  free(): void
}

/** Why there can be no file system of a test's own; undefined where there can. */
export function skipWithoutMount(): string | undefined {
  if (process.platform !== 'linux') return 'a small disk is a tmpfs, which only Linux has'
  const tried = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { encoding: 'utf8' })
  return tried.status === 0 ? undefined : `may not mount a small disk: ${(tried.stderr ?? 'no unshare').trim()}`
}

/** A file system of `kilobytes`, gone when the test ends. */
export async function smallDisk(t: Scope, kilobytes: number): Promise<SmallDisk> {
  const folder = await tempFolder(t)
  const run = (command: string, ...args: string[]) => {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command}: ${stderr}`)
  }
  run('mount', '-t', 'tmpfs', '-o', `size=${kilobytes}k,mode=0777`, 'tmpfs', folder)
  // Detached from the name at once, and gone when its last user is.
  defer(t, () => run('umount', '--lazy', folder))
  const ballast = join(folder, 'ballast')
  return {
    folder,
    fill() {
      const file = openSync(ballast, 'a')
      try {
        for (const size of [65_536, 4096, 1]) writeUntilFull(file, Buffer.alloc(size))
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(ballast, { force: true })
  }
}

function writeUntilFull(file: number, block: Buffer): void {
  try {
    while (true) if (writeSync(file, block) < block.length) return
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
