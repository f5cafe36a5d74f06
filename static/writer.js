// Writes on a list of its own, through the site's forms, and compares what was acknowledged with what the list holds.
// One request at a time, as one person would.

import { readForm, readJson, sendForm } from './forms.js'
import { acknowledge, checkBook, isRemovalNext, newBook, removableRows, rowsOfBook } from './ledger.js'

const writeEveryMs = 500
const cleanEveryMs = 100
const checkEveryMs = 5_000
const askSessionEveryMs = 2_000

/** Of accounts that this page makes: an address that can belong to nobody. */
const domain = '@cluster.invalid'
const isDemonstration = session => session.email.endsWith(domain)

const storageKey = 'carrinho-ledger'
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
const random = bytes =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), byte => byte.toString(16).padStart(2, '0')).join('')

function load() {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey))
  } catch {
    return undefined
  }
}

function save(state) {
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(state))
  } catch {
    // Without storage, only a reload forgets it.
  }
}

/**
 * `texts`: the words for what it writes. `changed` gets what there is to show; `compared` each comparison, with the faults
 * that `compareSoon` was given since the last.
 */
export function createWriter({ texts, canSignUp, changed, compared }) {
  const freshBook = () => newBook(`${texts.item} ${random(2)}`)
  // `email`: whose list the book is about. `account`: how to sign in there again, where this page made it.
  const state = load() ?? { doing: 'nothing', book: freshBook(), email: null, account: null, repeatedLogins: 0 }
  /** Why it does not write: `ownList`, `closed`, or `refused` with a message. */
  let problem
  let session
  let servedBy
  let wasSignedIn = false
  let isListSilent = false
  let isUnanswered = false
  let lastResult
  let checkAt = state.book.added.length > 0 ? 0 : Number.POSITIVE_INFINITY
  let askSessionAt = 0
  /** What it was asked to do once it is signed in. */
  let wish = 'writing'
  const faults = []

  const isOurs = () => session?.email !== undefined && session.email === state.email
  /** Removals of the list that is being emptied, as the last look found it. */
  let toClean = []

  const isAtWork = () => ['writing', 'cleaning', 'stopping'].includes(state.doing)

  const tell = () => {
    save(state)
    changed({ ...state, problem, session, servedBy, isListSilent, isUnanswered, lastResult })
  }

  const become = doing => {
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
  async function askSession() {
    askSessionAt = Date.now() + askSessionEveryMs
    const answer = await readJson('/cluster')
    if (!answer?.ok) return false
    servedBy = answer.json.server
    if (answer.json.session) {
      session = answer.json.session
      wasSignedIn = true
    } else noteSignedOut()
    // Somebody else signed in on this browser: their list is not to be written on.
    if (session && isAtWork() && !isOurs()) become('signedOut')
    return true
  }

  /** The rows, compared with the book; undefined when there was no list to compare with. */
  async function check() {
    const answer = await readJson('/carrinho/')
    if (answer?.isSignedOut) noteSignedOut()
    isListSilent = !answer?.ok
    checkAt = Date.now() + (isListSilent ? writeEveryMs : checkEveryMs)
    if (isListSilent) return undefined
    lastResult = { ...checkBook(state.book, answer.json.items), at: Date.now() }
    compared(lastResult, faults.splice(0))
    return answer.json.items
  }

  // Signing in

  async function sendAccount(path, account) {
    const { fields } = await readForm(path)
    // After it the browser is sent on to this page, which as JSON tells who is signed in.
    const answer = fields && (await sendForm(path, { ...fields, ...account, next: '/cluster' }))
    if (answer) await askSession()
    return answer
  }

  async function signUp() {
    if (!canSignUp) {
      problem = { kind: 'closed' }
      return
    }
    const account = { email: `demo-${random(6)}${domain}`, password: random(16) }
    const answer = await sendAccount('/signup', { ...account, name: texts.customer })
    if (session?.email === account.email) state.account = account
    else if (answer && !answer.ok) problem = { kind: 'refused', message: answer.json.message ?? '' }
  }

  async function start() {
    problem = undefined
    if (!(await askSession())) return
    if (session && !isDemonstration(session)) problem = { kind: 'ownList' }
    else if (!session && state.account) {
      // No answer: it is tried again. No such account any more: another is made.
      const answer = await sendAccount('/login', state.account)
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

  async function beginRemoval() {
    const { book, doing } = state
    if (doing === 'cleaning' && toClean.length > 0) {
      book.pending = toClean.shift()
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
    const removalOf = ({ id, tipo }) => ({ kind: 'remove', item: tipo, tries: 0, fields: { ...fields, id } })
    book.pending = removalOf(row)
    // One look at the list is enough to empty it; what it missed the next one finds.
    if (state.doing === 'cleaning') toClean = others.map(removalOf)
    return true
  }

  async function beginAdding() {
    const { book } = state
    const { fields, isSignedOut } = await readForm('/carrinho/')
    isUnanswered = !fields && !isSignedOut
    if (isSignedOut) noteSignedOut()
    if (!fields) return
    const item = `${book.mark} ${book.next}`
    book.next += 1
    const typed = { product_type: item, quantity: '1', local: texts.shop }
    book.pending = { kind: 'add', item, tries: 0, fields: { ...fields, ...typed } }
  }

  /** One try of the write that was begun; without an answer the next is the same, under the same key. */
  async function send() {
    const { book } = state
    const { kind, fields } = book.pending
    book.pending.tries += 1
    tell()
    const answer = await sendForm(kind === 'add' ? '/carrinho/' : '/apagar_artigo', fields)
    isUnanswered = !answer
    if (!answer) return
    if (answer.isSignedOut) return noteSignedOut()
    if (answer.ok) return acknowledge(book)
    if (answer.json.csrfToken) {
      // Perhaps because somebody else signed in: that is asked first.
      fields.csrf_token = answer.json.csrfToken
      askSessionAt = 0
      return
    }
    book.pending = null
    problem = { kind: 'refused', message: answer.json.message ?? '' }
    become('nothing')
  }

  async function write() {
    const { book } = state
    if (!book.pending && state.doing !== 'stopping') {
      const mustRemove = state.doing === 'cleaning' || isRemovalNext(book)
      const isBegun = mustRemove && (await beginRemoval())
      if (!isBegun && state.doing === 'writing') await beginAdding()
    }
    if (book.pending && isAtWork()) await send()
    if (state.doing === 'stopping' && !book.pending) become('nothing')
  }

  async function beat() {
    if (Date.now() >= askSessionAt) await askSession()
    if (state.doing === 'starting') await start()
    if (Date.now() >= checkAt && isOurs()) await check()
    if (isAtWork() && isOurs()) await write()
    tell()
  }

  async function run() {
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
