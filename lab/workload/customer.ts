import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, Browser, type Form, findForm, findTicked } from './browser.ts'
import { isWrite, type Line, type WorkloadOptions, type WriteAction } from './history.ts'
import { record } from './recorder.ts'
import { choose } from './shopping.ts'

/** As the list's JSON has it; a release that knows no more has the first three. */
interface Item {
  id: number
  tipo: string
  quantidade: number
  thousandths?: number
  done?: boolean
}

const LIST = '/carrinho/'
/** The form around the rows, whose buttons have more to post to. */
const ROWS = '/carrinho/marcar'

/** As the page's own script sends it. */
const BY_SCRIPT = { accept: 'application/json' } as const

/** A write that was acknowledged, and can be taken back. */
interface Undoable {
  version: number
  operation: string
  /** Items that would go, and items that would be back. */
  takesAway: number
  bringsBack: number
}

/** Like the site's own script: the first repetition after half a second, then doubling up to this. */
const LONGEST_WAIT_MS = 2_000
/** After this a customer gives up, and the write stays unknown. Longer than a power cut of everything. */
const GIVE_UP_AFTER_MS = 120_000

/** A page redirects to the login, JSON says 401. */
const asksForLogin = ({ status, headers }: Answer) =>
  status === 401 || ((status === 302 || status === 303) && String(headers.location ?? '').startsWith('/login'))

interface Change {
  /** How many items taking it back would take away, or bring back. */
  effect?: { takesAway?: number; bringsBack?: number }
  read?: (json: Record<string, unknown>, line: Line) => void
  options?: { accept?: string }
}

/** What the tabs of one customer share. */
interface Account {
  name: string
  email: string
  browser: Browser
  added: number
  /** Items that were there when their removal was asked for. */
  removed: number
}

const quantityOf = ({ quantidade, thousandths }: Item): number => thousandths ?? quantidade * 1_000
const anyOf = <T>(all: readonly T[]): T | undefined => all[Math.floor(Math.random() * all.length)]
const isJson = ({ headers }: Answer) => String(headers['content-type'] ?? '').startsWith('application/json')
const noteMissing: Change['read'] = ({ missing }, line) => {
  if (Array.isArray(missing) && missing.length > 0) line.missing = true
}

/** One shopper, or one tab of a shopper: does what the site's forms offer, one action at a time. */
export class Customer {
  readonly name: string
  readonly #account: Account
  readonly #password = 'uma palavra-passe de laboratório'
  readonly #browser: Browser
  readonly #options: WorkloadOptions
  readonly #write: (line: Line) => void
  #items: Item[] = []
  #undoable: Undoable | undefined
  /** The boxes that are ticked in the form that was opened last. */
  #ticked: string[] = []

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
      await this.#act()
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
        line.items = this.#items.map(({ tipo }) => tipo)
        line.ticked = this.#items.filter(({ done }) => done).map(({ tipo }) => tipo)
        if (what === 'final') line.quantities = this.#items.map(quantityOf)
      }
    )
  }

  #act(): Promise<void> {
    const open = this.#items.filter(({ done }) => !done)
    const ticked = this.#items.filter(({ done }) => done)
    const { added, removed } = this.#account
    const hasRows = this.#items.some(({ thousandths }) => thousandths !== undefined)
    const known = { open: open.length, ticked: ticked.length, added, removed, undoable: this.#undoable, hasRows }
    const what = choose(known, Math.random())
    if (what === 'add') return this.#add()
    if (what === 'undo') return this.#undo()
    if (what === 'clear') return this.#clear(ticked)
    const item = anyOf(what === 'tick' || what === 'adjust' ? open : what === 'untick' ? ticked : this.#items)
    if (!item) return Promise.resolve()
    if (what === 'remove') return this.#remove(item)
    if (what === 'edit') return this.#edit(item)
    return what === 'adjust' ? this.#adjust(item) : this.#tick(item, what === 'tick')
  }

  async #add(): Promise<void> {
    const fields = await this.#openForm(LIST, LIST)
    if (!fields) throw new Error(`${this.name}: the list's page has no form that adds`)
    this.#account.added += 1
    const count = this.#account.added
    const item = `${this.#options.run} ${this.#account.name} ${count}`
    const quantity = 1 + (count % 9)
    const typed = { product_type: item, quantity: String(quantity), local: 'Mercado da Ribeira' }
    const operation = fields.operation ?? randomUUID()
    // Every other one as a browser without scripts does.
    const options = count % 2 ? {} : BY_SCRIPT
    const about = { item, operation, quantity: quantity * 1_000 }
    await this.#change('add', LIST, { ...fields, operation, ...typed }, about, { effect: { takesAway: 1 }, options })
  }

  async #remove({ id, tipo: item }: Item): Promise<void> {
    const path = '/apagar_artigo'
    const fields = (await this.#openForm(LIST, path)) ?? (await this.#openForm(LIST, LIST))
    if (!fields) return
    this.#account.removed += 1
    // Without what a page of rows has the write has no key: its repetition finds nothing, and is not told from another's.
    const isKeyed = fields.boxes !== undefined || fields.seen !== undefined
    const about = { item, operation: isKeyed ? `remove ${fields.operation}` : `remove ${id} ${randomUUID()}` }
    await this.#change('remove', path, { ...fields, done: this.#ticked, id: String(id) }, about, {
      effect: { bringsBack: 1 },
      read: ({ deleted }, line) => {
        if (isKeyed && deleted === false) line.missing = true
      }
    })
  }

  async #tick({ id, tipo: item }: Item, done: boolean): Promise<void> {
    const fields = await this.#openForm(LIST, ROWS)
    if (!fields) return
    const boxes = new Set(this.#ticked)
    // Somebody else's tap, in another tab, was on the page already.
    if (boxes.has(String(id)) === done) return
    if (done) boxes.add(String(id))
    else boxes.delete(String(id))
    const about = { item, operation: `tick ${fields.operation}`, done }
    await this.#change('tick', ROWS, { ...fields, done: [...boxes] }, about, { read: noteMissing })
  }

  async #adjust(item: Item): Promise<void> {
    const fields = await this.#openForm(LIST, ROWS)
    if (!fields) return
    const quantity = quantityOf(item)
    const delta = quantity > 2_000 && Math.random() < 0.5 ? -1_000 : 1_000
    const about = { item: item.tipo, operation: `adjust ${fields.operation}`, delta }
    await this.#change(
      'adjust',
      '/carrinho/quantidade',
      { ...fields, done: this.#ticked, step: `${item.id}:${delta}` },
      about,
      {
        read: ({ found, thousandths }, line) => {
          if (found === false) line.missing = true
          if (typeof thousandths === 'number') line.left = thousandths
        }
      }
    )
  }

  async #edit({ id, tipo: item }: Item): Promise<void> {
    const path = `/carrinho/artigo/${id}`
    const fields = await this.#openForm(path, path)
    if (!fields) return
    const typed = Object.fromEntries(
      Object.entries(fields).flatMap(([name, value]) => (name.startsWith('seen_') ? [[name.slice(5), value]] : []))
    )
    const seen = Math.round(Number(String(typed.quantity).replace(',', '.')) * 1_000)
    const quantity = seen === 2_500 ? 3_750 : 2_500
    const form = { ...fields, ...typed, quantity: String(quantity / 1_000).replace('.', ',') }
    const about = { item, operation: `edit ${fields.operation}`, quantity, seen }
    await this.#change('edit', path, form, about, {
      read: ({ version }, line) => {
        if (version === undefined) line.refused = 'gone'
      }
    })
  }

  async #clear(ticked: readonly Item[]): Promise<void> {
    const fields = await this.#openForm(LIST, ROWS)
    if (!fields) return
    const names = new Map(ticked.map(({ id, tipo }) => [id, tipo]))
    const nameOf = (id: unknown) => names.get(Number(id)) as string
    // What another tab ticked meanwhile is on this page, but was not on the list that was read: its name is not known.
    const was = (fields.was ?? '').split(',').filter(seen => names.has(Number(seen.split(':')[0])))
    if (was.length === 0) return
    const done = was.map(seen => seen.split(':')[0] as string)
    const asked = done.map(nameOf)
    const about = { operation: `clear ${fields.operation}`, asked }
    const effect = { bringsBack: 0 }
    this.#account.removed += asked.length
    await this.#change('clear', '/carrinho/limpar', { ...fields, done, was: was.join() }, about, {
      effect,
      read: ({ removed }, line) => {
        if (!Array.isArray(removed)) return
        line.cleared = removed.map(nameOf)
        effect.bringsBack = removed.length
      }
    })
  }

  async #undo(): Promise<void> {
    const undoable = this.#undoable
    const fields = await this.#openForm(LIST, ROWS)
    if (!undoable || !fields) return
    this.#undoable = undefined
    const { version, operation: undoes, takesAway, bringsBack } = undoable
    this.#account.removed += takesAway
    const operation = `undo ${fields.operation}`
    const form = { csrf_token: fields.csrf_token ?? '', operation: fields.operation ?? '', version: String(version) }
    const isDone = await this.#change('undo', '/carrinho/anular', form, { operation, undoes })
    if (isDone) this.#account.removed -= bringsBack
  }

  /** One write, and what its answer says to `read`. True when it was done. */
  async #change(
    what: WriteAction,
    path: string,
    form: Form,
    about: Partial<Line> & { operation: string },
    { effect = {}, read = () => undefined, options = BY_SCRIPT }: Change = {}
  ): Promise<boolean> {
    let version: unknown
    const line = await this.#untilOk(
      what,
      about,
      () => this.#browser.post(path, form, options),
      (answer, line) => {
        // Without an answer of its own a program is sent on, as a browser is.
        const json = isJson(answer) ? (JSON.parse(answer.body) as Record<string, unknown>) : {}
        version = json.version
        if (line.outcome === 'ok') read(json, line)
      }
    )
    const isDone = line.outcome === 'ok' && line.refused === undefined && !line.missing
    const { takesAway = 0, bringsBack = 0 } = effect
    this.#undoable =
      isDone && typeof version === 'number' && what !== 'undo'
        ? { version, operation: about.operation, takesAway, bringsBack }
        : undefined
    return isDone
  }

  /** The hidden fields of the form of a page that posts to `action`, if it has one. */
  async #openForm(path: string, action: string): Promise<Record<string, string> | undefined> {
    let fields: Record<string, string> | undefined
    await this.#untilOk('page', undefined, async () => {
      const page = await this.#browser.get(path)
      fields = findForm(page.body, action)
      this.#ticked = findTicked(page.body, action)
      return page
    })
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
  ): Promise<Line> {
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
          // Gone, or overtaken: as it should be where another tab was there first, and nowhere else.
          if ((what === 'page' || isWrite(what)) && (answer.status === 404 || answer.status === 409)) {
            line.refused = String(answer.status)
            if (this.#options.tabs > 1) line.outcome = 'ok'
          }
          read?.(answer, line)
        }
      )
      if (loginAsked) {
        await this.#logIn()
        continue
      }
      if (line.outcome === 'ok' || line.refused !== undefined) return line
      const hasOwnAnswer = answer && answer.status < 500 && answer.status !== 429
      if (hasOwnAnswer && what !== 'read' && what !== 'final' && what !== 'page') return line
      if (Date.now() + waitMs > giveUpAt) return line
      await sleep(waitMs * (0.75 + Math.random() / 2))
    }
  }
}
