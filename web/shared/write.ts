import { signIn, takeToken } from './account.ts'
import { type Answer, ask, readJson } from './ask.ts'
import { mintKey } from './keys.ts'

const withinMs = 10_000
const forMs = 120_000

export interface Written {
  ok: boolean
  status: number
  json: Record<string, unknown>
}

const tokenOfPage = (): string => document.querySelector<HTMLInputElement>('input[name="csrf_token"]')?.value ?? ''

/**
 * Asks for a change under a key of its own, again and again until there is an answer. A form token that is too old is
 * renewed once. Undefined: no answer in two minutes.
 */
export async function write(url: string, body: object, onWait?: () => void): Promise<Written | undefined> {
  const text = JSON.stringify({ ...body, operation: mintKey() })
  const send = (): Promise<Answer | undefined> =>
    ask(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', 'x-csrf-token': tokenOfPage() },
      body: text,
      withinMs,
      forMs,
      onWait
    })
  let answer = await send()
  if (answer?.status === 403) {
    const { csrfToken } = readJson(answer)
    takeToken(csrfToken)
    if (csrfToken !== undefined) answer = await send()
  }
  if (answer?.isSignedOut) signIn()
  if (!answer) return undefined
  const json = readJson(answer)
  takeToken(json.csrfToken)
  return { ok: answer.ok, status: answer.status, json }
}
