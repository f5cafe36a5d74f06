import { fileURLToPath } from 'node:url'
import view from '@fastify/view'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import nunjucks from 'nunjucks'
import type { Config } from '../config/config.ts'
import type { FieldErrors } from '../fields.ts'
import { type Language, languageNames, languages, type MessageKey, scriptTexts, translator } from '../i18n/index.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { AssetNames } from './assets.ts'
import { takeFlash } from './flash.ts'
import { languageOf, translateFor } from './language.ts'
import { localPath } from './local-path.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** A page of views/ as HTML, with what every page needs beside `data`; to be returned from a handler. */
    page(name: PageName, data?: Record<string, unknown>): Promise<string>
  }
}

const PAGES = ['index', 'login', 'signup', 'logout', 'list', 'account', 'server', 'cluster', 'error', 'resend'] as const
export type PageName = (typeof PAGES)[number]

const VIEWS = fileURLToPath(new URL('../../views', import.meta.url))

export async function views(
  app: FastifyInstance,
  { config, lifecycle, assetNames }: { config: Config; lifecycle: Lifecycle; assetNames: AssetNames }
): Promise<void> {
  const asset = (name: string) => {
    const hashed = assetNames.get(name)
    if (hashed === undefined) throw new Error(`no such asset: ${name}`)
    return `/static/${hashed}`
  }

  await app.register(view, { engine: { nunjucks }, templates: VIEWS, options: OPTIONS })

  const pages = Object.fromEntries(languages.map(code => [code, compilePages(code, asset)])) as Record<Language, Pages>

  app.decorateReply('page', function page(this: FastifyReply, name, data = {}) {
    const { request } = this
    const lang = languageOf(request)
    const t = translator(lang)
    const flash = takeFlash(request, this)
    const customer = request.customer
    this.header('cache-control', 'no-store')
    return this.viewAsync(pages[lang][name] as never, {
      lang,
      languages: languageChoices[lang],
      t,
      path: pagePath(request),
      csrfToken: this.formToken(),
      customer: customer ? { name: customer.name, email: customer.email } : null,
      server: lifecycle.serverName,
      clusterPage: config.clusterPage,
      databaseNode: request.work.node ?? null,
      flash: flash ? { kind: flash.kind, text: t(flash.key, flash.params) } : null,
      ...data
    })
  })
}

/** As nunjucks escapes what it prints; its types leave the function out. */
const { escape: escapeHtml } = nunjucks.lib as unknown as { escape(text: string): string }

// For each turn of a loop nunjucks sets seven variables, loop.index and so on. No template here uses one, and for a list
// they cost as much as all the rest of the page. Where a later nunjucks has no such method, pages are only slower.
const { compiler } = nunjucks as unknown as { compiler: { Compiler: { prototype: { _emitLoopBindings(): void } } } }
compiler.Compiler.prototype._emitLoopBindings = () => {}

const OPTIONS = { autoescape: true, throwOnUndefined: true, trimBlocks: true, lstripBlocks: true }

/** What @fastify/view renders when it is given no file's name. */
type Pages = Record<PageName, { render(data: object, done: (error: unknown, html?: string) => void): void }>

/**
 * Every page, compiled for one language when the server starts: a template that does not compile fails there, and texts
 * and asset names without parameters are constants.
 */
function compilePages(language: Language, asset: (name: string) => string): Pages {
  const t = translator(language)
  class Translated extends nunjucks.FileSystemLoader {
    override getSource(name: string) {
      const source = super.getSource(name)
      const src = source.src
        .replace(/\{\{ t\('([\w.]+)'\) \}\}/g, (_, key) => escapeHtml(t(key as MessageKey)))
        .replace(/\{\{ asset\('([\w.]+)'\) \}\}/g, (_, file) => escapeHtml(asset(file)))
      return { ...source, src }
    }
  }
  const env = new nunjucks.Environment(new Translated(VIEWS), OPTIONS)
  env.addGlobal('scriptTexts', scriptTexts(t))
  return Object.fromEntries(
    PAGES.map(name => {
      const template = env.getTemplate(`${name}.njk`, true)
      return [name, { render: (data, done) => done(null, template.render(data)) }]
    })
  ) as Pages
}

const languageChoices = Object.fromEntries(
  languages.map(current => [
    current,
    languages.map(code => ({ code, name: languageNames[code], current: code === current }))
  ])
)

/** Where the page being answered can be asked for again; the answer to a POST has its form's page. */
function pagePath({ method, url, server, routeOptions }: FastifyRequest): string {
  if (method === 'GET') return localPath(url) ?? '/'
  if (routeOptions.config.page !== undefined) return routeOptions.config.page
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
