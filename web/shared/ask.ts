/** What a web server itself answered. */
export interface Answer {
  status: number
  ok: boolean
  /** It wants a login first, or sent on to one. */
  isSignedOut: boolean
  headers: Headers
  text: string
}

export interface Question extends RequestInit {
  /** The whole answer has to be there by then. */
  withinMs: number
}

const firstWaitMs = 500
const longestWaitMs = 5_000

/** Not a web server's own answer, or one that says it could not look. A balancer's own 500: its server died half-way. */
const isAway = ({ status, headers }: Response): boolean =>
  (status >= 502 && status <= 504) || (status === 500 && !headers.has('x-served-by'))

const isSignedOut = ({ status, redirected, url }: Response): boolean =>
  status === 401 || (redirected && new URL(url).pathname === '/login')

/** One try. Undefined when the site is away: then it is not known whether the request was carried out. */
export async function askOnce(url: string, { withinMs, ...options }: Question): Promise<Answer | undefined> {
  // By hand: Safari has `AbortSignal.timeout` from 16 on.
  const controller = new AbortController()
  const deadline = setTimeout(() => controller.abort(), withinMs)
  try {
    const response = await fetch(url, { ...options, signal: controller.signal })
    const text = await response.text()
    if (isAway(response)) return undefined
    const { status, ok, headers } = response
    return { status, ok, headers, text, isSignedOut: isSignedOut(response) }
  } catch {
    // No answer, or half of one.
    return undefined
  } finally {
    clearTimeout(deadline)
  }
}

/** Repeats a request, always the same bytes, until the site answers. Undefined when it did not within `forMs`. */
export async function ask(
  url: string,
  question: Question & { forMs: number; onWait?: () => void }
): Promise<Answer | undefined> {
  const { forMs, onWait, ...once } = question
  const until = Date.now() + forMs
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    const answer = await askOnce(url, once)
    if (answer || Date.now() + waitMs > until) return answer
    onWait?.()
    await sleep(waitMs * (0.75 + Math.random() / 2))
  }
}

export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** The object in an answer; an empty one where there is none. */
export function readJson(answer: Answer): Record<string, unknown> {
  try {
    return JSON.parse(answer.text) ?? {}
  } catch {
    return {}
  }
}
