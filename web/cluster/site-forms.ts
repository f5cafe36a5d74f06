// The site's own forms, as a browser without scripts would use them: read from their page, and sent.

import { fieldsOf } from '../shared/account.ts'
import { type Answer, askOnce, readJson } from '../shared/ask.ts'
import { parsePage } from '../shared/dom.ts'

const once = { cache: 'no-store', withinMs: 3_000 } as const

export interface JsonAnswer extends Answer {
  json: Record<string, unknown>
}

/** Undefined when the site is away, or failed at it: then it is not known whether the request was carried out. */
async function tryOnce(url: string, options: RequestInit): Promise<Answer | undefined> {
  const answer = await askOnce(url, { ...once, ...options })
  return answer && answer.status < 500 ? answer : undefined
}

async function askJson(url: string, options: RequestInit = {}): Promise<JsonAnswer | undefined> {
  const answer = await tryOnce(url, { headers: { accept: 'application/json' }, ...options })
  return answer && { ...answer, json: readJson(answer) }
}

/** The form of a page that posts to `action`, or has a button that does: its fields by name. */
export async function readForm(
  url: string,
  action = url
): Promise<{ isSignedOut: boolean; fields: Record<string, string> | undefined }> {
  const answer = await tryOnce(url, { headers: { accept: 'text/html' } })
  if (!answer?.ok || answer.isSignedOut) return { isSignedOut: answer?.isSignedOut ?? false, fields: undefined }
  const form = parsePage(answer.text)
    .querySelector(`main form[action="${action}"], main [formaction="${action}"]`)
    ?.closest('form')
  return { isSignedOut: false, fields: form ? fieldsOf(form) : undefined }
}

export const sendForm = (url: string, fields: Record<string, string>): Promise<JsonAnswer | undefined> =>
  askJson(url, { method: 'POST', body: new URLSearchParams(fields) })

export const readState = (url: string): Promise<JsonAnswer | undefined> => askJson(url)
