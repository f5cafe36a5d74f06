import { cp, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from './processes.ts'
import { type Scope, tempFolder } from './scope.ts'

/**
 * This build as another release, with further migrations, the same for every database: file name to text. The program that
 * `startServer` and `cli` take.
 */
export async function otherRelease(
  t: Scope,
  version: string,
  migrations: Record<string, string> = {}
): Promise<string> {
  const folder = await tempFolder(t)
  for (const copied of ['dist', 'migrations']) await cp(join(root, copied), join(folder, copied), { recursive: true })
  for (const shared of ['node_modules', 'views', 'lists']) await symlink(join(root, shared), join(folder, shared))
  const about = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...about, version }))
  for (const [name, text] of Object.entries(migrations)) {
    for (const engine of ['mysql', 'postgres', 'sqlite']) {
      await writeFile(join(folder, 'migrations', engine, `${name}.sql`), text)
    }
  }
  return join(folder, 'dist/cli.js')
}
