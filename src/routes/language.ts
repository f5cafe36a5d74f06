import type { FastifyInstance } from 'fastify'
import { isLanguage } from '../i18n/index.ts'
import { fieldsOf } from '../plugins/forms.ts'
import { LANGUAGE_COOKIE } from '../plugins/language.ts'
import { safeNext } from './members.ts'

const YEAR_SECONDS = 365 * 24 * 60 * 60

export function languageChoice(app: FastifyInstance): void {
  app.post('/idioma', async (request, reply) => {
    const { lang, next } = fieldsOf(request)
    if (isLanguage(lang)) {
      reply.setCookie(LANGUAGE_COOKIE, lang, {
        path: '/',
        httpOnly: true,
        sameSite: 'lax',
        secure: 'auto',
        maxAge: YEAR_SECONDS
      })
    }
    return reply.redirect(safeNext(next), 303)
  })
}
