import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FieldErrors } from '../fields.ts'
import { type Flash, setFlash } from './flash.ts'
import { wantsJson } from './language.ts'
import { translateErrors } from './views.ts'

/** What is wrong with a form, in the reader's language. */
export interface Wrong {
  /** By the fields' names. */
  errors: Record<string, string>
  formError: string | null
}

export const nothingWrong: Wrong = { errors: {}, formError: null }

/** There is something to see. Without `json` programs get the page. */
interface Shown {
  page: () => Promise<unknown>
  json?: () => unknown
}

/** Something was done: people go on to a page. Without `json` programs do, too. */
interface Done {
  goTo: string
  flash?: Flash
  /** The answer to programs, and its status where that is not 200. */
  json?: object
  status?: number
}

/** Nothing was done: people get the form again, and are told why. */
interface Refused {
  status: number
  /** A stable code for programs. */
  error: string
  errors?: FieldErrors
  /** What is wrong with the form as a whole. */
  message?: string | undefined
  retryAfterSeconds?: number
  /** What programs get beside it. */
  json?: object
  page: (wrong: Wrong) => Promise<unknown>
}

export type Outcome = Shown | Done | Refused

/** The one way from what became of a request to its answer: HTML for people, JSON for programs; to be returned. */
export function respond(request: FastifyRequest, reply: FastifyReply, outcome: Outcome): unknown {
  const toProgram = wantsJson(request)
  if ('error' in outcome) return refuse(request, reply, outcome, toProgram)
  if (toProgram && outcome.json !== undefined) {
    reply.header('cache-control', 'no-store')
    if (!('goTo' in outcome)) return outcome.json()
    return reply.status(outcome.status ?? 200).send(outcome.json)
  }
  if (!('goTo' in outcome)) return outcome.page()
  if (outcome.flash) setFlash(reply, outcome.flash)
  return reply.redirect(outcome.goTo, 303)
}

function refuse(request: FastifyRequest, reply: FastifyReply, refused: Refused, toProgram: boolean): unknown {
  const { status, error, errors = {}, message = null, retryAfterSeconds, json, page } = refused
  reply.status(status)
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
  const fields = translateErrors(request, errors)
  if (!toProgram) return page({ errors: fields, formError: message })
  reply.header('cache-control', 'no-store')
  // Programs send again with a fresh token, as people do with the form that they get.
  return reply.send({
    error,
    message: message ?? Object.values(fields)[0] ?? '',
    fields,
    ...json,
    csrfToken: reply.formToken()
  })
}
