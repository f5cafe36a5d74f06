// Asks `/whoami` four times a second without waiting for earlier answers.

import { deadline } from './deadline.js'

const everyMs = 250
/**
 * At most five are on their way at once: a browser opens six connections to a host, and a question that waited for one
 * would measure the browser. It is longer than the second after which a web server says that its database is silent.
 */
const answerWithinMs = 1_250
/** A timer as late as this means that the browser slept or was busy: what it measured then is not the cluster's. */
const asleepMs = 750

async function ask() {
  const response = await fetch('/whoami', {
    cache: 'no-store',
    // Without cookies, browsers use connections of their own for it, so that the ledger's requests are in nobody's way.
    credentials: 'omit',
    headers: { accept: 'application/json' },
    signal: deadline(answerWithinMs)
  })
  const { server, database } = await response.json()
  if (!response.ok || !server) throw new Error(`answered ${response.status}`)
  return {
    server,
    node: database?.node ?? undefined,
    balancer: response.headers.get('x-balancer') ?? undefined,
    address: response.headers.get('x-virtual-address') ?? undefined
  }
}

/**
 * `sent` and `settled` get each question: `sentAt`, then `isSettled`, and `arrivedAt` and `answer` where there was one.
 * `interrupted`: what is under way is dropped, and the time until the next question is nobody's gap.
 */
export function startAsking({ sent, settled, interrupted }) {
  let isPaused = false
  let lastTickAt = performance.now()
  let run = 0

  const interrupt = () => {
    run += 1
    interrupted()
  }

  const send = async () => {
    const mine = run
    const question = {
      sentAt: performance.now(),
      at: Date.now(),
      isSettled: false,
      arrivedAt: undefined,
      answer: undefined
    }
    sent(question)
    try {
      question.answer = await ask()
      question.arrivedAt = performance.now()
    } catch {
      // No answer in time, or none of a web server.
    }
    if (mine !== run) return
    question.isSettled = true
    settled(question)
  }

  setInterval(() => {
    const now = performance.now()
    const lateMs = now - lastTickAt
    lastTickAt = now
    if (isPaused || document.hidden) return
    if (lateMs > asleepMs) interrupt()
    send()
  }, everyMs)
  document.addEventListener('visibilitychange', interrupt)

  return {
    pause(value) {
      isPaused = value
      interrupt()
    }
  }
}
