import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../helper.ts'

/** A script of the pages that needs no page. */
export const loadScript = async <Module>(name: string): Promise<Module> =>
  (await import(pathToFileURL(join(root, 'static', name)).href)) as Module
