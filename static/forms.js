// The site's own forms, as a browser without scripts would use them: read from their page, and sent.

import { deadline } from './deadline.js'

const answerWithinMs = 3_000

/**
 * One try. Undefined when no web server gave an answer of its own, or one that says it could not look: it is then not
 * known whether the request was carried out.
 */
async function tryOnce(url, options) {
  try {
    const response = await fetch(url, { cache: 'no-store', signal: deadline(answerWithinMs), ...options })
    const text = await response.text()
    if (response.status >= 500) return undefined
    const isSignedOut = response.status === 401 || (response.redirected && new URL(response.url).pathname === '/login')
    return { ok: response.ok, isSignedOut, text }
  } catch {
    return undefined
  }
}

function parseJson(text) {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}

/** The form of a page that posts to `action`: its hidden fields by name. */
export async function readForm(url, action = url) {
  const answer = await tryOnce(url, { headers: { accept: 'text/html' } })
  if (!answer?.ok || answer.isSignedOut) return { isSignedOut: answer?.isSignedOut ?? false, fields: undefined }
  const page = new DOMParser().parseFromString(answer.text, 'text/html')
  const form = page.querySelector(`main form[action="${action}"]`)
  return { isSignedOut: false, fields: form ? Object.fromEntries(new FormData(form)) : undefined }
}

export async function sendForm(url, fields) {
  const answer = await tryOnce(url, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams(fields)
  })
  return answer && { ...answer, json: parseJson(answer.text) }
}

export async function readJson(url) {
  const answer = await tryOnce(url, { headers: { accept: 'application/json' } })
  return answer && { ...answer, json: parseJson(answer.text) }
}
