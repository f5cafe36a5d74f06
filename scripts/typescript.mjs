// `node --import ./scripts/typescript.mjs FILE.ts`: node runs TypeScript whose types can be taken out.

import { register } from 'node:module'

register('./typescript-hooks.mjs', import.meta.url)
