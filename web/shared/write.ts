import { accountOfPage, signIn, takeToken } from './account.ts'
import { type Answer, ask, readJson } from './ask.ts'
import { isTooOld, type KeptWrite, keep, keptWrites, letGo } from './kept.ts'
import { mintKey } from './keys.ts'

const withinMs = 10_000
const forMs = 120_000

export interface Written {
  ok: boolean
  /** Nothing was done, as nobody is signed in: it is kept in this tab, and sent after the login. */
  isKept: boolean
  json: Record<string, unknown>
}

const tokenOfPage = (): string => document.querySelector<HTMLInputElement>('input[name="csrf_token"]')?.value ?? ''

const newWrite = (url: string, body: object): KeptWrite => ({
  url,
  text: JSON.stringify({ ...body, operation: mintKey() }),
  at: Date.now()
})

/** What an earlier page left goes first, as what is tapped now is meant to come after it. */
let earlier: Promise<unknown> = Promise.resolve()

/**
 * Asks for a change under a key of its own, again and again until there is an answer. A form token that is too old is
 * renewed once. Undefined: no answer in two minutes.
 */
export async function write(url: string, body: object, onWait?: () => void): Promise<Written | undefined> {
  const one = newWrite(url, body)
  const hasRoom = keep(one)
  await earlier
  const written = await send(one, onWait)
  if (!written?.isKept) {
    letGo(one.text)
    return written
  }
  signIn(hasRoom)
  return { ...written, isKept: hasRoom }
}

/** For a page that goes: the next one sends it. */
export function writeLater(url: string, body: object): void {
  keep(newWrite(url, body))
}

/**
 * Sends what the page before this one had no answer to, but for what is too old. How many changes that made, and how many cannot be
 * made any more; what has no answer now is kept on.
 */
export function sendKept(onWait: () => void): Promise<{ made: number; failed: number }> {
  const sending = sendAll(keptWrites(), onWait)
  earlier = sending
  return sending
}

async function sendAll(writes: readonly KeptWrite[], onWait: () => void): Promise<{ made: number; failed: number }> {
  const counts = { made: 0, failed: 0 }
  for (const one of writes) {
    if (isTooOld(one)) {
      letGo(one.text)
      counts.failed += 1
      continue
    }
    const written = await send(one, onWait)
    if (!written || written.isKept) break
    letGo(one.text)
    const { ok, json } = written
    if (!ok || (json.missing as unknown[] | undefined)?.length) counts.failed += 1
    else if (json.status !== 'already') counts.made += 1
  }
  return counts
}

async function send({ url, text }: KeptWrite, onWait?: () => void): Promise<Written | undefined> {
  const once = (): Promise<Answer | undefined> =>
    ask(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-csrf-token': tokenOfPage(),
        'x-account': accountOfPage()
      },
      body: text,
      withinMs,
      forMs,
      onWait
    })
  let answer = await once()
  if (answer?.status === 403) {
    const { csrfToken } = readJson(answer)
    takeToken(csrfToken)
    if (csrfToken !== undefined) answer = await once()
  }
  if (!answer) return undefined
  const json = readJson(answer)
  takeToken(json.csrfToken)
  return { ok: answer.ok, isKept: answer.isSignedOut, json }
}
