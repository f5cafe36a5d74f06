import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import http from 'node:http'
import { findInput, findTags, visibleText } from './html.ts'
import { type Reply, type RequestOptions, request } from './requests.ts'
import { defer, type Scope } from './scope.ts'

export const sessionCookie = 'carrinho_session'

export interface Item {
  id: string | number
  tipo: string
  quantidade: number
  local: string
}

export interface Account {
  email: string
  password: string
  name: string
}

export type Form = Record<string, string> | [string, string][]

let accountNumber = 0

/** An account nobody else uses; nothing is created. */
export function newAccount(): Account {
  accountNumber += 1
  const unique = `${process.pid}-${accountNumber}-${randomBytes(3).toString('hex')}`
  return { email: `ana-${unique}@example.org`, password: `palavra-passe ${unique}`, name: 'Ana Sousa' }
}

/** What a browser without scripts does: keeps cookies, sends forms with the page's hidden fields, has one address. */
export class Client {
  url: string
  readonly cookies = new Map<string, string>()
  readonly address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`
  /** The last HTML page it saw, where the hidden fields come from. */
  page = ''
  readonly #agent = new http.Agent({ keepAlive: true })
  #usedOperation: string | undefined

  constructor(t: Scope, server: { url: string }) {
    this.url = server.url
    defer(t, () => this.#agent.destroy())
  }

  /** The same person's browser, now served by another web server. */
  moveTo(server: { url: string }): void {
    this.url = server.url
  }

  async send(method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
    const headers: Record<string, string> = {
      accept: 'text/html,application/xhtml+xml',
      'x-forwarded-for': this.address,
      ...options.headers
    }
    if (this.cookies.size > 0) headers.cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    if (method !== 'GET') headers.origin ??= this.url
    const reply = await request(`${this.url}${path}`, { ...options, method, headers, agent: this.#agent })
    for (const line of reply.headers['set-cookie'] ?? []) this.#keepCookie(line)
    if (reply.headers['content-type']?.includes('text/html')) this.page = reply.text
    return reply
  }

  #keepCookie(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map(part => part.trim())
    const name = pair.slice(0, pair.indexOf('='))
    const value = pair.slice(pair.indexOf('=') + 1)
    const isGone = attributes.some(attribute => {
      const [key = '', setting = ''] = attribute.toLowerCase().split('=')
      return (key === 'max-age' && Number(setting) <= 0) || (key === 'expires' && Date.parse(setting) <= Date.now())
    })
    if (isGone || value === '') this.cookies.delete(name)
    else this.cookies.set(name, value)
  }

  get(path: string, headers?: Record<string, string>): Promise<Reply> {
    return this.send('GET', path, { headers })
  }

  getJson(path: string): Promise<Reply> {
    return this.get(path, { accept: 'application/json' })
  }

  /** Exactly these fields, nothing added. */
  postRaw(path: string, form: Form, headers: Record<string, string> = {}): Promise<Reply> {
    return this.send('POST', path, {
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(form).toString()
    })
  }

  /** These fields with the last page's CSRF token, as the form on it would send them. */
  post(path: string, form: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Reply> {
    const csrf_token = this.csrf()
    return this.postRaw(path, { ...(csrf_token ? { csrf_token } : {}), ...form }, headers)
  }

  postJson(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return this.send('POST', path, {
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-csrf-token': this.csrf() ?? '',
        ...headers
      },
      body: typeof body === 'string' ? body : JSON.stringify(body)
    })
  }

  /** A hidden field of the last page. */
  hidden(name: string): string | undefined {
    return findInput(this.page, name)?.value
  }

  csrf(): string | undefined {
    return this.hidden('csrf_token') ?? findTags(this.page, 'meta').find(meta => meta.name === 'csrf-token')?.content
  }

  async signup(account: Account = newAccount()): Promise<Account> {
    await this.get('/signup')
    const reply = await this.post('/signup', { ...account })
    assert.equal(reply.status, 303, `signing up: ${visibleText(reply.text)}`)
    return account
  }

  /** Sends the login form and returns its answer, whatever it is. */
  async tryLogin({ email, password }: { email: string; password: string }, next?: string): Promise<Reply> {
    const path = next === undefined ? '/login' : `/login?next=${encodeURIComponent(next)}`
    await this.get(path)
    const field = this.hidden('next')
    return this.post(path, { email, password, ...(field === undefined ? {} : { next: field }) })
  }

  async login(account: { email: string; password: string }): Promise<void> {
    const reply = await this.tryLogin(account)
    assert.equal(reply.status, 303, `logging in: ${visibleText(reply.text)}`)
  }

  async logout(): Promise<void> {
    await this.get('/logout')
    const reply = await this.post('/logout')
    assert.equal(reply.status, 303)
  }

  async isSignedIn(): Promise<boolean> {
    const reply = await this.get('/carrinho/')
    assert.ok([200, 302].includes(reply.status), `the list answered ${reply.status}`)
    return reply.status === 200
  }

  /** The add form of the list page, sent; `operation` is the page's own unless given. */
  async addItem(item: Partial<Item> = {}, extra: Record<string, string> = {}): Promise<Reply> {
    const shown = this.hidden('operation')
    if (!shown || shown === this.#usedOperation) await this.get('/carrinho/')
    const operation = this.hidden('operation') ?? ''
    const reply = await this.post('/carrinho/', {
      product_type: item.tipo ?? 'Laranjas',
      quantity: String(item.quantidade ?? 5),
      local: item.local ?? 'Mercado',
      operation,
      ...extra
    })
    if (reply.status === 303) this.#usedOperation = operation
    return reply
  }

  async items(): Promise<Item[]> {
    const reply = await this.getJson('/carrinho/')
    assert.equal(reply.status, 200, `the list answered ${reply.status}: ${reply.text}`)
    return (reply.json() as { items: Item[] }).items
  }
}

/** A client with an account of its own, signed in. */
export async function signedIn(t: Scope, server: { url: string }): Promise<Client & { account: Account }> {
  const client = new Client(t, server)
  const account = await client.signup()
  await client.get('/carrinho/')
  return Object.assign(client, { account })
}

/** The form of an addition as the list's page that was read last sends it. */
export const additionForm = (client: Client, product_type: string): string =>
  new URLSearchParams({
    csrf_token: client.csrf() ?? '',
    operation: client.hidden('operation') ?? '',
    product_type,
    quantity: '1',
    local: 'Mercado'
  }).toString()
