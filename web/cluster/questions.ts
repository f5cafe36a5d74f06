// Asks `/whoami` four times a second without waiting for earlier answers.

import { askOnce, readJson } from '../shared/ask.ts'

const everyMs = 250
/**
 * At most five are on their way at once: a browser opens six connections to a host, and a question that waited for one
 * would measure the browser. It is longer than the second after which a web server says that its database is silent.
 */
const withinMs = 1_250
/** A timer as late as this means that the browser slept or was busy: what it measured then is not the cluster's. */
const asleepMs = 750

/** Who answered, and by which way. */
export interface Identity {
  server: string
  node: string | undefined
  balancer: string | undefined
  /** The virtual address that was asked, where a balancer says so. */
  address: string | undefined
}

export interface Question {
  /** Of `performance.now()`; `at` is the time of day. */
  sentAt: number
  at: number
  isSettled: boolean
  arrivedAt: number | undefined
  answer: Identity | undefined
}

async function askIdentity(): Promise<Identity | undefined> {
  const answer = await askOnce('/whoami', {
    cache: 'no-store',
    // Without cookies, browsers use connections of their own for it, so that the ledger's requests are in nobody's way.
    credentials: 'omit',
    headers: { accept: 'application/json' },
    withinMs
  })
  if (!answer?.ok) return undefined
  const { server, database } = readJson(answer) as { server?: string; database?: { node?: string | null } }
  if (!server) return undefined
  return {
    server,
    node: database?.node ?? undefined,
    balancer: answer.headers.get('x-balancer') ?? undefined,
    address: answer.headers.get('x-virtual-address') ?? undefined
  }
}

interface Listener {
  sent(question: Question): void
  settled(question: Question): void
  /** What is under way is dropped, and the time until the next question is nobody's gap. */
  interrupted(): void
}

export function startAsking({ sent, settled, interrupted }: Listener): { pause(isPaused: boolean): void } {
  let isPaused = false
  let lastTickAt = performance.now()
  let run = 0

  const interrupt = () => {
    run += 1
    interrupted()
  }

  const send = async () => {
    const mine = run
    const question: Question = {
      sentAt: performance.now(),
      at: Date.now(),
      isSettled: false,
      arrivedAt: undefined,
      answer: undefined
    }
    sent(question)
    question.answer = await askIdentity()
    if (question.answer) question.arrivedAt = performance.now()
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
    void send()
  }, everyMs)
  document.addEventListener('visibilitychange', interrupt)

  return {
    pause(value) {
      isPaused = value
      interrupt()
    }
  }
}
