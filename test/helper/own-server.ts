import type { Engine } from './engines.ts'
import { defer, type Scope } from './scope.ts'

/**
 * A database server of a test's own, with its data in `folder`; its URL, or undefined where its programs are not on this
 * machine. For what cannot be done to the servers that all tests share.
 */
export async function startOwnServer(
  t: Scope,
  engine: Exclude<Engine, 'sqlite'>,
  folder: string,
  options: { options?: string[]; password?: string } = {}
): Promise<string | undefined> {
  // @ts-expect-error: plain JavaScript, as npm test needs it before anything is installed
  const { startOwn } = await import('../../scripts/servers.mjs')
  const server: { url: string; stop(): Promise<void> } | undefined = await startOwn(engine, folder, options)
  if (server) defer(t, () => server.stop())
  return server?.url
}
