import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { TestContext } from 'node:test'
import { skipUnlessInCi } from './engines.ts'
import { defer, tempFolder } from './scope.ts'

const run = (command: string, ...args: string[]): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
  return stdout.trim()
}

export interface Ext4Disk {
  folder: string
  /** An error is found on the disk: the kernel makes the file system read-only, under whoever has files open. */
  fail(): void
  /** Whoever writes waits in the kernel, where nothing ends it, as while a snapshot is made that never gets done. */
  freeze(): void
  thaw(): void
  /** What may be written to, and what may not, of the files there: the kernel's own mark, which binds root, too. */
  lock(...names: string[]): void
  unlock(...names: string[]): void
  /** Checked and mounted again, which needs everybody to have left. */
  repair(): void
}

/** An ext4 file system in a file, gone when the test ends. Where none can be mounted the test is skipped, in CI an error. */
export async function ext4Disk(t: TestContext): Promise<Ext4Disk | undefined> {
  const base = await tempFolder(t)
  const image = join(base, 'image')
  const folder = join(base, 'disk')
  mkdirSync(folder)
  const mount = () => run('mount', '-o', 'loop,errors=remount-ro', image, folder)
  try {
    run('truncate', '--size=32M', image)
    run('mkfs.ext4', '-q', image)
    mount()
  } catch (error) {
    t.skip(skipUnlessInCi(`no ext4 to mount: ${(error as Error).message}`))
    return undefined
  }
  const isLocked = new Set<string>()
  let isFrozen = false
  const thaw = () => {
    if (isFrozen) run('fsfreeze', '--unfreeze', folder)
    isFrozen = false
  }
  const mark = (sign: '+i' | '-i', names: string[]) => {
    for (const name of names) {
      run('chattr', sign, join(folder, name))
      if (sign === '+i') isLocked.add(name)
      else isLocked.delete(name)
    }
  }
  defer(t, () => {
    thaw()
    mark('-i', [...isLocked])
    run('umount', '--lazy', folder)
  })
  return {
    folder,
    fail: () =>
      writeFileSync(`/sys/fs/ext4/${basename(run('findmnt', '-no', 'SOURCE', folder))}/trigger_fs_error`, '1'),
    freeze() {
      run('fsfreeze', '--freeze', folder)
      isFrozen = true
    },
    thaw,
    lock: (...names) => mark('+i', names),
    unlock: (...names) => mark('-i', names),
    repair() {
      run('umount', folder)
      spawnSync('e2fsck', ['-fy', image])
      mount()
    }
  }
}
