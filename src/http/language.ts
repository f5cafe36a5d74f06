import type { FastifyRequest } from 'fastify'
import { isLanguage, type Language, negotiateLanguage, type Translate, translator } from '../i18n/index.ts'
import { ownValues, sentValues } from './cookies.ts'

export const LANGUAGE_COOKIE = 'carrinho_lang'

/** A page asks some five times. */
const known = new WeakMap<FastifyRequest, Language>()

/** What was chosen on the page, or else what the browser asks for. */
export function languageOf(request: FastifyRequest): Language {
  const language = known.get(request) ?? askedFor(request)
  known.set(request, language)
  return language
}

function askedFor(request: FastifyRequest): Language {
  // By its plain name also over TLS: one of before, or planted by another host, changes nothing but the language.
  const chosen = [...ownValues(request, LANGUAGE_COOKIE), ...sentValues(request, LANGUAGE_COOKIE)].find(isLanguage)
  return chosen ?? negotiateLanguage(request.headers['accept-language'])
}

export const translateFor = (request: FastifyRequest): Translate => translator(languageOf(request))

/** Whether a program asked, not a person: it gets JSON, also for errors. */
export function wantsJson(request: FastifyRequest): boolean {
  const accept = request.headers.accept
  if (accept?.includes('application/json')) return !accept.includes('text/html')
  return !accept?.includes('text/html') && (request.headers['content-type'] ?? '').startsWith('application/json')
}
