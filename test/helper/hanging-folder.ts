import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { defer, type Scope } from './scope.ts'

/** Why there can be no folder that hangs; undefined where there can. */
export function skipWithoutFuse(): string | undefined {
  if (process.platform !== 'linux') return 'a folder that hangs is a FUSE mount, which only Linux has'
  const tried = spawnSync('unshare', ['--mount', 'sh', '-c', hang('/mnt', 'true')], { encoding: 'utf8' })
  return tried.status === 0 ? undefined : `may not mount a folder that hangs: ${(tried.stderr ?? 'no unshare').trim()}`
}

/** A file system whose server never says a word: who looks into it waits, as on a brick that froze. */
const hang = (folder: string, meanwhile: string) =>
  `exec 3<>/dev/fuse && mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 hanging ${folder} && ${meanwhile}`

export interface Hanging {
  /** Its server dies: who looks is told that there is none. */
  die(): Promise<void>
  /** The folder below is there again. */
  heal(): void
}

/** Whatever looks into this folder hangs, until the test ends. */
export async function hangFolder(t: Scope, folder: string): Promise<Hanging> {
  const server = spawn('sh', ['-c', hang(`'${folder}'`, 'echo mounted && exec cat')], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  const ended = new Promise<void>(resolve => server.once('exit', () => resolve()))
  let isMounted = false
  const unmount = () => {
    if (isMounted) spawnSync('umount', ['--lazy', folder])
    isMounted = false
  }
  const die = async () => {
    server.kill('SIGKILL')
    await ended
  }
  defer(t, async () => {
    unmount()
    await die()
  })
  await Promise.race([new Promise(resolve => server.stdout.once('data', resolve)), ended])
  assert.equal(server.exitCode, null, 'the folder hangs')
  isMounted = true
  return { die, heal: unmount }
}
