import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import view from '@fastify/view'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import nunjucks from 'nunjucks'
import type { Config } from '../config/config.ts'
import type { FieldErrors } from '../fields.ts'
import { type Language, languageNames, languages, scriptTexts, textOf, translator } from '../i18n/index.ts'
import { newKey } from '../keys.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { AssetNames } from './assets.ts'
import { firstVisits } from './first-visit.ts'
import { takeFlash } from './flash.ts'
import { languageOf, translateFor } from './language.ts'
import { localPath, pageOfForm } from './local-path.ts'
import { ReadyParts } from './ready-parts.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A part of pages as HTML, with texts in this language. */
    part(name: PartName, lang: Language, data: object): string
  }
  interface FastifyReply {
    /** A page of views/ as HTML, with what every page needs beside `data`; to be returned from a handler. */
    page(name: PageName, data?: Record<string, unknown>, ready?: ReadyParts): Promise<Buffer>
  }
}

export type PageName =
  | 'index'
  | 'login'
  | 'signup'
  | 'logout'
  | 'list'
  | 'kept'
  | 'shops'
  | 'item'
  | 'pictures'
  | 'suggestions'
  | 'account'
  | 'leave'
  | 'lists'
  | 'list-options'
  | 'move'
  | 'history'
  | 'as-it-was'
  | 'print'
  | 'text'
  | 'search'
  | 'tokens'
  | 'token'
  | 'api'
  | 'server'
  | 'cluster'
  | 'error'
  | 'resend'

/** What pages are given as HTML. */
type PartName = 'rows' | 'forms'

/** How templates are written. */
export const SPELLING = { autoescape: true, throwOnUndefined: true, trimBlocks: true, lstripBlocks: true }

export const VIEWS = fileURLToPath(new URL('../../views', import.meta.url))

export async function views(
  app: FastifyInstance,
  { config, lifecycle, assetNames }: { config: Config; lifecycle: Lifecycle; assetNames: AssetNames }
): Promise<void> {
  await app.register(view, {
    engine: { nunjucks },
    templates: VIEWS,
    viewExt: 'njk',
    options: {
      ...SPELLING,
      onConfigure(env: nunjucks.Environment) {
        env.addGlobal('asset', (name: string) => {
          const hashed = assetNames.get(name)
          if (hashed === undefined) throw new Error(`no such asset: ${name}`)
          return `/static/${hashed}`
        })
        // None is read later, when the storage of the release's folder may stand still. Each is compiled when a page is first
        // made of it: all of them would be much of a server's start, and whether they compile is for the tests.
        for (const file of readdirSync(VIEWS)) if (file.endsWith('.njk')) env.getTemplate(file)
        app.decorate('part', (name, lang, data) => env.render(`${name}.njk`, { t: translator(lang), ...data }))
      }
    }
  })

  const stylesInPage = firstVisits(assetNames)

  app.decorateReply('page', async function page(this: FastifyReply, name, data = {}, ready = new ReadyParts()) {
    const { request } = this
    const lang = languageOf(request)
    const t = translator(lang)
    const flash = takeFlash(request, this)
    const account = request.account
    const { styles, isKept } = stylesInPage(this)
    this.header('cache-control', 'no-store')
    const html = await this.viewAsync(name, {
      lang,
      languages: languageChoices[lang],
      inPage: { styles: styles && ready.put(styles), isKept },
      t,
      scriptTexts: scriptTextsIn[lang],
      path: pagePath(request),
      csrfToken: data.csrfToken ?? this.formToken(),
      account: account ? { id: account.id, name: account.name, email: account.email } : null,
      server: lifecycle.serverName,
      clusterPage: config.clusterPage,
      databaseNode: request.work.node ?? null,
      flash: flash ? { kind: flash.kind, text: textOf(t, flash), undo: flash.undo ?? null, operation: newKey() } : null,
      ...data
    })
    return ready.fill(html)
  })
}

const perLanguage = <T>(make: (language: Language) => T): Record<Language, T> => ({
  pt: make('pt'),
  en: make('en'),
  es: make('es')
})

const scriptTextsIn = perLanguage(language => scriptTexts(translator(language)))

const languageChoices = perLanguage(current =>
  languages.map(code => ({ code, name: languageNames[code], current: code === current }))
)

/** Where the page being answered can be asked for again; the answer to a POST has its form's page. */
function pagePath(request: FastifyRequest): string {
  const { method, url, server, routeOptions } = request
  // A route's own path leads there; only what was added to it has to be looked at.
  if (method === 'GET') return url === routeOptions.url ? url : (localPath(url) ?? '/')
  const page = pageOfForm(request)
  if (page !== undefined) return page
  const path = url.split('?', 1)[0] ?? '/'
  return server.hasRoute({ method: 'GET', url: path }) ? path : '/'
}

/** Field errors in the reader's language, as the templates and JSON answers carry them. */
export function translateErrors(request: FastifyRequest, errors: FieldErrors): Record<string, string> {
  const t = translateFor(request)
  const texts: Record<string, string> = {}
  for (const [field, error] of Object.entries(errors)) if (error) texts[field] = t(error.key, error.params)
  return texts
}
