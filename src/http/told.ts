import type { FastifyReply, FastifyRequest } from 'fastify'
import { type RawForm, typed } from '../fields.ts'
import type { MessageKey, Params } from '../i18n/index.ts'
import { digest } from '../keys.ts'
import { translateFor, wantsJson } from './language.ts'
import { respond } from './respond.ts'

/** A page has one key; what is done on it is told apart by what it is done to. Undefined: none was sent. */
export const keyOf = (fields: RawForm, ...what: (string | number)[]): string | undefined => {
  const operation = typed(fields, 'operation')
  return operation === '' ? undefined : digest(operation, ...what)
}

/** A button did nothing: people are told on the page that they go on to, programs with 409. */
export function refuseButton(
  request: FastifyRequest,
  reply: FastifyReply,
  { goTo, error, key, params }: { goTo: string; error: string; key: MessageKey; params?: Params }
): unknown {
  if (wantsJson(request)) {
    const message = translateFor(request)(key, params)
    return respond(request, reply, { status: 409, error, message, page: async () => message })
  }
  return respond(request, reply, { goTo, flash: { kind: 'error', key, ...(params && { params }) } })
}
