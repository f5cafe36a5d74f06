import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, Browser, findForm } from './browser.ts'
import type { Line, WorkloadOptions } from './history.ts'
import { record } from './recorder.ts'
import { wantsToRemove } from './shopping.ts'

interface Item {
  id: number
  tipo: string
}

/** Like the site's own script: the first repetition after half a second, then doubling up to this. */
const LONGEST_WAIT_MS = 2_000
/** After this a customer gives up, and the write stays unknown. Longer than a power cut of everything. */
const GIVE_UP_AFTER_MS = 120_000

/** A page redirects to the login, JSON says 401. */
const asksForLogin = ({ status, headers }: Answer) =>
  status === 401 || ((status === 302 || status === 303) && String(headers.location ?? '').startsWith('/login'))

/** What the tabs of one customer share. */
interface Account {
  name: string
  email: string
  browser: Browser
  added: number
  /** Items that were there when their removal was asked for. */
  removed: number
}

/** One shopper, or one tab of a shopper: adds and removes items through the site's forms, one action at a time. */
export class Customer {
  readonly name: string
  readonly #account: Account
  readonly #password = 'uma palavra-passe de laboratório'
  readonly #browser: Browser
  readonly #options: WorkloadOptions
  readonly #write: (line: Line) => void
  #items: Item[] = []

  private constructor(name: string, account: Account, options: WorkloadOptions, write: (line: Line) => void) {
    this.name = name
    this.#account = account
    this.#browser = account.browser
    this.#options = options
    this.#write = write
  }

  /** The tabs of one customer: one account, one set of cookies, one list. */
  static open(index: number, options: WorkloadOptions, write: (line: Line) => void): Customer[] {
    const name = `${options.prefix}${String(index + 1).padStart(2, '0')}`
    const account = {
      name,
      email: `${name}.${options.run}@example.org`,
      browser: new Browser(options.site),
      added: 0,
      removed: 0
    }
    return Array.from(
      { length: options.tabs },
      (_, tab) => new Customer(tab === 0 ? name : `${name}/${tab + 1}`, account, options, write)
    )
  }

  /** The account's first session starts here: signing up signs in. */
  async signUp(): Promise<void> {
    await this.#untilOk('signup', undefined, async () => {
      const page = await this.#browser.get('/signup')
      const fields = findForm(page.body, '/signup')
      if (!fields) return page
      return this.#browser.post('/signup', {
        ...fields,
        name: `${this.#account.name} ${this.#options.run}`,
        email: this.#account.email,
        password: this.#password
      })
    })
  }

  /** Shops until `signal` fires; the action under way is finished, so that no write is left undecided for want of patience. */
  async shop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#read('read')
      if (wantsToRemove(this.#items.length, this.#account, Math.random())) await this.#remove()
      else await this.#add()
      const { thinkMs } = this.#options
      await sleep(thinkMs * (0.5 + Math.random()))
    }
  }

  async readFinalList(): Promise<void> {
    await this.#read('final')
    this.#browser.close()
  }

  async #read(what: 'read' | 'final'): Promise<void> {
    await this.#untilOk(
      what,
      undefined,
      () => this.#browser.get('/carrinho/', { accept: 'application/json' }),
      (answer, line) => {
        if (answer.status !== 200) return
        const list = JSON.parse(answer.body) as { items: Item[] }
        this.#items = list.items
        line.items = list.items.map(item => item.tipo)
      }
    )
  }

  async #add(): Promise<void> {
    const fields = await this.#openForm('/carrinho/')
    this.#account.added += 1
    const count = this.#account.added
    const item = `${this.#options.run} ${this.#account.name} ${count}`
    const operation = fields.operation ?? randomUUID()
    await this.#untilOk('add', { item, operation }, () =>
      this.#browser.post('/carrinho/', {
        ...fields,
        operation,
        product_type: item,
        quantity: String(1 + (count % 9)),
        local: 'Mercado da Ribeira'
      })
    )
  }

  async #remove(): Promise<void> {
    const item = this.#items[Math.floor(Math.random() * this.#items.length)]
    if (!item) return
    const fields = await this.#openForm('/apagar_artigo')
    const operation = `remove ${item.id}`
    this.#account.removed += 1
    await this.#untilOk('remove', { item: item.tipo, operation }, () =>
      this.#browser.post('/apagar_artigo', { ...fields, id: String(item.id) })
    )
  }

  async #openForm(action: string): Promise<Record<string, string>> {
    let fields: Record<string, string> | undefined
    await this.#untilOk('page', undefined, async () => {
      const page = await this.#browser.get('/carrinho/')
      fields = findForm(page.body, action) ?? findForm(page.body, '/carrinho/')
      return page
    })
    if (!fields) throw new Error(`${this.name}: the list's page has no form for ${action}`)
    return fields
  }

  async #logIn(): Promise<void> {
    await this.#untilOk('login', undefined, async () => {
      const page = await this.#browser.get('/login')
      const fields = findForm(page.body, '/login')
      // Already signed in: /login leads away.
      if (!fields) return page
      return this.#browser.post('/login', { ...fields, email: this.#account.email, password: this.#password })
    })
  }

  /** Sends the same thing until a server gives an answer of its own, as the site's script and a patient shopper do. */
  async #untilOk(
    what: Line['what'],
    about: Partial<Line> | undefined,
    send: () => Promise<Answer>,
    read?: (answer: Answer, line: Line) => void
  ): Promise<void> {
    const giveUpAt = Date.now() + GIVE_UP_AFTER_MS
    for (let attempt = 1, waitMs = 500; ; attempt += 1, waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      let loginAsked = false
      const { line, answer } = await record(
        this.#write,
        { who: this.name, what, attempt, ...about },
        send,
        (answer, line) => {
          // Not the redirection of a write that was done, which leads to the list.
          if (what !== 'login' && what !== 'signup' && asksForLogin(answer)) {
            loginAsked = true
            line.outcome = 'fail'
            line.loggedOut = true
            return
          }
          read?.(answer, line)
        }
      )
      if (loginAsked) {
        await this.#logIn()
        continue
      }
      if (line.outcome === 'ok') return
      const hasOwnAnswer = answer && answer.status < 500 && answer.status !== 429
      if (hasOwnAnswer && what !== 'read' && what !== 'final' && what !== 'page') return
      if (Date.now() + waitMs > giveUpAt) return
      await sleep(waitMs * (0.75 + Math.random() / 2))
    }
  }
}
