import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import view from '@fastify/view'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import nunjucks from 'nunjucks'
import { languageNames, languages, translator } from '../i18n/index.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { FieldErrors } from '../shop/validation.ts'
import { formToken } from './csrf.ts'
import { takeFlash } from './flash.ts'
import { languageOf, translateFor } from './language.ts'
import { customerOf } from './session.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** Renders a page of views/ with what every page needs beside `data`. */
    page(name: PageName, data?: Record<string, unknown>): Promise<FastifyReply>
  }
}

export type PageName = 'index' | 'login' | 'signup' | 'logout' | 'list' | 'account' | 'server' | 'error' | 'resend'

const VIEWS = fileURLToPath(new URL('../../views', import.meta.url))
/** The build puts the hashed assets beside the code it makes of src/. */
export const ASSETS = fileURLToPath(new URL('../../dist/static', import.meta.url))

export async function views(app: FastifyInstance, { lifecycle }: { lifecycle: Lifecycle }): Promise<void> {
  const manifest = JSON.parse(readFileSync(`${ASSETS}/manifest.json`, 'utf8')) as Record<string, string>
  const asset = (name: string) => {
    const hashed = manifest[name]
    if (hashed === undefined) throw new Error(`no such asset: ${name}`)
    return `/static/${hashed}`
  }

  await app.register(view, {
    engine: { nunjucks },
    templates: VIEWS,
    options: {
      autoescape: true,
      throwOnUndefined: true,
      trimBlocks: true,
      lstripBlocks: true,
      noCache: false,
      watch: false,
      onConfigure: (env: nunjucks.Environment) => void env.addGlobal('asset', asset)
    }
  })

  app.decorateReply('page', async function page(this: FastifyReply, name, data = {}) {
    const { request } = this
    const lang = languageOf(request)
    const t = translator(lang)
    const flash = takeFlash(request, this)
    const customer = customerOf(request)
    this.header('cache-control', 'no-store')
    return this.view(`${name}.njk`, {
      lang,
      languages: languageChoices[lang],
      t,
      path: request.method === 'GET' ? request.url : '/',
      csrfToken: formToken(request, this),
      customer: customer ? { name: customer.name, email: customer.email } : null,
      server: lifecycle.serverName,
      databaseNode: request.budget.node ?? null,
      flash: flash ? { kind: flash.kind, text: t(flash.key, flash.params) } : null,
      ...data
    })
  })
}

const languageChoices = Object.fromEntries(
  languages.map(current => [
    current,
    languages.map(code => ({ code, name: languageNames[code], current: code === current }))
  ])
)

/** Field errors in the reader's language, as the templates and JSON answers carry them. */
export function translateErrors(request: FastifyRequest, errors: FieldErrors): Record<string, string> {
  const t = translateFor(request)
  const texts: Record<string, string> = {}
  for (const [field, error] of Object.entries(errors)) if (error) texts[field] = t(error.key, error.params)
  return texts
}
