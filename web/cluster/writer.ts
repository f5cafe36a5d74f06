// Writes on a list of its own, through the site's forms, and compares what was acknowledged with what the list holds.
// One request at a time, as one person would.

import { sleep } from '../shared/ask.ts'
import { say } from '../shared/texts.ts'
import type { Fault } from './fault-list.ts'
import {
  acknowledge,
  type Book,
  checkBook,
  isRemovalNext,
  newBook,
  type Result,
  type Row,
  removableRows,
  rowsOfBook,
  type Write
} from './ledger.ts'
import type { Session } from './session-panel.ts'
import { type JsonAnswer, readForm, readState, sendForm } from './site-forms.ts'

const writeEveryMs = 500
const cleanEveryMs = 100
const checkEveryMs = 5_000
const askSessionEveryMs = 2_000

/** Of accounts that this page makes: an address that can belong to nobody. */
const domain = '@cluster.invalid'
const isDemonstration = (session: Session): boolean => session.email.endsWith(domain)

const storageKey = 'carrinho-ledger'
const random = (bytes: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), byte => byte.toString(16).padStart(2, '0')).join('')

type Doing = 'nothing' | 'starting' | 'writing' | 'stopping' | 'cleaning' | 'cleaned' | 'signedOut'

interface Account {
  email: string
  password: string
}

/** What outlives a reload. */
interface State {
  doing: Doing
  book: Book
  /** Whose list the book is about. */
  email: string | null
  /** How to sign in there again, where this page made it. */
  account: Account | null
  repeatedLogins: number
}

/** Why it does not write. */
type Problem = { kind: 'ownList' } | { kind: 'closed' } | { kind: 'refused'; message: string }

export interface LedgerView extends State {
  problem: Problem | undefined
  /** Null where nobody is signed in, undefined where that is not known. */
  session: Session | null | undefined
  servedBy: string | undefined
  isListSilent: boolean
  isUnanswered: boolean
  lastResult: CheckedResult | undefined
}

export type CheckedResult = Result & { at: number }

export interface Writer {
  run(): Promise<void>
  toggle(): void
  clean(): void
  /** Looks at the list at once; `fault` is told in `compared` what came of it. */
  compareSoon(fault?: Fault): void
}

function load(): State | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey) ?? '') as State
  } catch {
    return undefined
  }
}

function save(state: State): void {
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(state))
  } catch {
    // Without storage, only a reload forgets it.
  }
}

interface Options {
  canSignUp: boolean
  /** What there is to show. */
  changed(view: LedgerView): void
  /** Each comparison, with the faults since the last. */
  compared(result: CheckedResult, faults: Fault[]): void
}

export function createWriter({ canSignUp, changed, compared }: Options): Writer {
  const freshBook = () => newBook(`${say('cluster.js.item')} ${random(2)}`)
  const state: State = load() ?? { doing: 'nothing', book: freshBook(), email: null, account: null, repeatedLogins: 0 }
  let problem: Problem | undefined
  let session: Session | null | undefined
  let servedBy: string | undefined
  let wasSignedIn = false
  let isListSilent = false
  let isUnanswered = false
  let lastResult: CheckedResult | undefined
  let checkAt = state.book.added.length > 0 ? 0 : Number.POSITIVE_INFINITY
  let askSessionAt = 0
  /** What it was asked to do once it is signed in. */
  let wish: Doing = 'writing'
  const faults: Fault[] = []

  const isOurs = () => session?.email !== undefined && session.email === state.email
  /** Removals of the list that is being emptied, as the last look found it. */
  let toClean: Write[] = []

  const isAtWork = () => ['writing', 'cleaning', 'stopping'].includes(state.doing)

  const tell = () => {
    save(state)
    changed({ ...state, problem, session, servedBy, isListSilent, isUnanswered, lastResult })
  }

  const become = (doing: Doing): void => {
    state.doing = doing
    if (doing !== 'cleaning') toClean = []
    tell()
  }

  /** Whoever leaves an account of their own so that the ledger may have one does not lose a session of the ledger's. */
  const noteSignedOut = () => {
    if (wasSignedIn && isOurs()) state.repeatedLogins += 1
    wasSignedIn = false
    session = null
    if (isAtWork()) become('signedOut')
  }

  /** True if it is known who is signed in. */
  async function askSession(): Promise<boolean> {
    askSessionAt = Date.now() + askSessionEveryMs
    const answer = await readState('/cluster')
    if (!answer?.ok) return false
    const told = answer.json as { server?: string; session?: Session | null }
    servedBy = told.server
    if (told.session) {
      session = told.session
      wasSignedIn = true
    } else noteSignedOut()
    // Somebody else signed in on this browser: their list is not to be written on.
    if (session && isAtWork() && !isOurs()) become('signedOut')
    return true
  }

  /** The rows, compared with the book; undefined when there was no list to compare with. */
  async function check(): Promise<Row[] | undefined> {
    const answer = await readState('/carrinho/')
    if (answer?.isSignedOut) noteSignedOut()
    const rows = answer?.ok ? (answer.json.items as Row[] | undefined) : undefined
    isListSilent = !rows
    checkAt = Date.now() + (rows ? checkEveryMs : writeEveryMs)
    if (!rows) return undefined
    lastResult = { ...checkBook(state.book, rows), at: Date.now() }
    compared(lastResult, faults.splice(0))
    return rows
  }

  // Signing in

  async function sendAccount(path: string, account: Record<string, string>): Promise<JsonAnswer | undefined> {
    const { fields } = await readForm(path)
    // After it the browser is sent on to this page, which as JSON tells who is signed in.
    const answer = fields ? await sendForm(path, { ...fields, ...account, next: '/cluster' }) : undefined
    if (answer) await askSession()
    return answer
  }

  async function signUp(): Promise<void> {
    if (!canSignUp) {
      problem = { kind: 'closed' }
      return
    }
    const account = { email: `demo-${random(6)}${domain}`, password: random(16) }
    const answer = await sendAccount('/signup', { ...account, name: say('cluster.js.demonstration') })
    if (session?.email === account.email) state.account = account
    else if (answer && !answer.ok) problem = refusal(answer)
  }

  async function start(): Promise<void> {
    problem = undefined
    if (!(await askSession())) return
    if (session && !isDemonstration(session)) problem = { kind: 'ownList' }
    else if (!session && state.account) {
      // No answer: it is tried again. No such account any more: another is made.
      const answer = await sendAccount('/login', { ...state.account })
      if (answer && !session) state.account = null
    } else if (!session) await signUp()
    // Stopped meanwhile.
    if (state.doing !== 'starting') return
    if (problem) return become('nothing')
    if (!session) return
    if (!isOurs()) {
      state.email = session.email
      state.book = freshBook()
      lastResult = undefined
    }
    checkAt = Date.now() + checkEveryMs
    become(wish)
  }

  // Writing

  /** True unless there is nothing to remove. */
  async function beginRemoval(): Promise<boolean> {
    const { book, doing } = state
    if (doing === 'cleaning' && toClean.length > 0) {
      book.pending = toClean.shift() ?? null
      return true
    }
    const rows = await check()
    const [row, ...others] = rows ? (doing === 'cleaning' ? rowsOfBook : removableRows)(book, rows) : []
    if (!row) {
      if (rows && doing === 'cleaning') become('cleaned')
      return rows === undefined
    }
    const { fields } = await readForm('/carrinho/', '/apagar_artigo')
    if (!fields) return true
    const removalOf = ({ id, tipo }: Row): Write => ({
      kind: 'remove',
      item: tipo,
      tries: 0,
      fields: { ...fields, id: String(id) }
    })
    book.pending = removalOf(row)
    // One look at the list is enough to empty it; what it missed the next one finds.
    if (state.doing === 'cleaning') toClean = others.map(removalOf)
    return true
  }

  async function beginAdding(): Promise<void> {
    const { book } = state
    const { fields, isSignedOut } = await readForm('/carrinho/')
    isUnanswered = !fields && !isSignedOut
    if (isSignedOut) noteSignedOut()
    if (!fields) return
    const item = `${book.mark} ${book.next}`
    book.next += 1
    const typed = { product_type: item, quantity: '1', local: say('cluster.js.shop') }
    book.pending = { kind: 'add', item, tries: 0, fields: { ...fields, ...typed } }
  }

  /** One try of the write that was begun; without an answer the next is the same, under the same key. */
  async function send(book: Book, pending: Write): Promise<void> {
    const { kind, fields } = pending
    pending.tries += 1
    tell()
    const answer = await sendForm(kind === 'add' ? '/carrinho/' : '/apagar_artigo', fields)
    isUnanswered = !answer
    if (!answer) return
    if (answer.isSignedOut) return noteSignedOut()
    if (answer.ok) return acknowledge(book)
    if (typeof answer.json.csrfToken === 'string') {
      // Perhaps because somebody else signed in: that is asked first.
      fields.csrf_token = answer.json.csrfToken
      askSessionAt = 0
      return
    }
    book.pending = null
    problem = refusal(answer)
    become('nothing')
  }

  async function write(): Promise<void> {
    const { book } = state
    if (!book.pending && state.doing !== 'stopping') {
      const mustRemove = state.doing === 'cleaning' || isRemovalNext(book)
      const isBegun = mustRemove && (await beginRemoval())
      if (!isBegun && state.doing === 'writing') await beginAdding()
    }
    if (book.pending && isAtWork()) await send(book, book.pending)
    if (state.doing === 'stopping' && !book.pending) become('nothing')
  }

  async function beat(): Promise<void> {
    if (Date.now() >= askSessionAt) await askSession()
    if (state.doing === 'starting') await start()
    if (Date.now() >= checkAt && isOurs()) await check()
    if (isAtWork() && isOurs()) await write()
    tell()
  }

  async function run(): Promise<void> {
    for (;;) {
      const beganAt = performance.now()
      // No writes that nobody sees.
      if (!document.hidden) await beat()
      const everyMs = state.doing === 'cleaning' ? cleanEveryMs : writeEveryMs
      await sleep(Math.max(20, everyMs - (performance.now() - beganAt)))
    }
  }

  return {
    run,
    toggle() {
      if (state.doing === 'starting') return become('nothing')
      // What was begun is sent until it is known how it ended.
      if (state.doing === 'writing') return become('stopping')
      if (state.doing === 'cleaned') {
        state.book = freshBook()
        lastResult = undefined
      }
      wish = 'writing'
      become('starting')
    },
    clean() {
      if (isOurs()) return become('cleaning')
      // Signed out, or still signing in: that comes first. Where it never wrote there is nothing to clean.
      if (state.email === null) return
      wish = 'cleaning'
      become('starting')
    },
    compareSoon(fault) {
      if (fault) faults.push(fault)
      faults.splice(0, faults.length - 10)
      checkAt = 0
    }
  }
}

const refusal = ({ json }: JsonAnswer): Problem => ({ kind: 'refused', message: String(json.message ?? '') })
