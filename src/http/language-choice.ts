import type { FastifyInstance, FastifyReply } from 'fastify'
import Type from 'typebox'
import { formOf } from '../fields.ts'
import { isLanguage } from '../i18n/index.ts'
import { setCookie } from './cookies.ts'
import { fieldsOf } from './forms.ts'
import { LANGUAGE_COOKIE } from './language.ts'
import { safeNext } from './members.ts'

const YEAR_SECONDS = 365 * 24 * 60 * 60

const languageForm = formOf(Type.Object({}), { hidden: ['lang', 'next'] })

/** What cannot be a language changes nothing. */
export function chooseLanguage(reply: FastifyReply, lang: unknown): void {
  if (isLanguage(lang)) setCookie(reply, LANGUAGE_COOKIE, lang, YEAR_SECONDS)
}

export function languageChoice(app: FastifyInstance): void {
  app.post('/idioma', { config: { form: languageForm } }, async (request, reply) => {
    const { lang, next } = fieldsOf(request)
    chooseLanguage(reply, lang)
    return reply.redirect(safeNext(next), 303)
  })
}
