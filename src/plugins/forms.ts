import formbody from '@fastify/formbody'
import { parse } from 'fast-querystring'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { badRequest } from '../errors.ts'
import type { RawForm } from '../shop/validation.ts'

/** Names that would reach an object's prototype, were the fields ever copied into an ordinary one. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])
const MAX_FIELDS = 50
/** Fields that a page fills in by itself. */
const UNSEEN = ['operation', 'id', 'next', 'lang']

/** @throws AppError bad_request */
export function parseForm(body: string): RawForm {
  // Without a prototype; a field sent twice becomes a list, as which of the two was meant cannot be known.
  const form: RawForm = parse(body)
  let count = 0
  for (const name in form) if (FORBIDDEN.has(name) || ++count > MAX_FIELDS) throw badRequest()
  return form
}

export async function forms(app: FastifyInstance): Promise<void> {
  app.removeContentTypeParser('text/plain')
  await app.register(formbody, { parser: parseForm })
}

/** The fields of a form or of a JSON object. @throws AppError bad_request for JSON or hidden fields of another shape */
export function fieldsOf(request: FastifyRequest): RawForm {
  const body = request.body ?? {}
  if (typeof body !== 'object' || Array.isArray(body)) throw badRequest()
  const form = body as RawForm
  // Fields that people see are refused where they stand; in these nobody could mend it.
  for (const name of UNSEEN) {
    const type = typeof form[name]
    if (type !== 'undefined' && type !== 'string' && type !== 'number') throw badRequest('bad_field')
  }
  return form
}

/** A field as it was typed, to be shown again. */
export const typed = (form: RawForm, name: string): string => {
  const value = form[name]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
