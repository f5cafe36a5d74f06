import { randomUUID } from 'node:crypto'

/** A signed-in browser's cookies and form token, for a load generator to send. */
export class Visitor {
  readonly url: string
  readonly #cookies = new Map<string, string>()
  csrfToken = ''

  constructor(url: string) {
    this.url = url
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Of a browser that is signed in, and has nothing else. */
  get cookieOfFirstVisit(): string {
    return this.cookie
      .split('; ')
      .filter(pair => !pair.startsWith('carrinho_styles='))
      .join('; ')
  }

  async #fetch(path: string, form?: Record<string, string>): Promise<Response> {
    const answer = await fetch(this.url + path, {
      redirect: 'manual',
      headers: { cookie: this.cookie },
      ...(form ? { method: 'POST', body: new URLSearchParams({ csrf_token: this.csrfToken, ...form }) } : {})
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return answer
  }

  async open(path: string): Promise<string> {
    const answer = await this.#fetch(path)
    const html = await answer.text()
    this.csrfToken = /name="csrf_token" value="([^"]+)"/.exec(html)?.[1] ?? this.csrfToken
    return html
  }

  async logIn(email: string, password: string): Promise<void> {
    await this.open('/login')
    const answer = await this.#fetch('/login', { email, password })
    if (answer.status !== 303) throw new Error(`login answered ${answer.status}`)
    await this.open('/carrinho/')
  }

  async signUp(name: string, email: string, password: string): Promise<void> {
    await this.open('/signup')
    const answer = await this.#fetch('/signup', { name, email, password })
    if (answer.status !== 303) throw new Error(`sign-up answered ${answer.status}`)
    await this.open('/carrinho/')
  }

  async add(type: string, quantity: number, shop: string): Promise<void> {
    const form = { product_type: type, quantity: String(quantity), local: shop, operation: randomUUID() }
    const answer = await this.#fetch('/carrinho/', form)
    if (answer.status !== 303) throw new Error(`adding answered ${answer.status}`)
  }

  /** One login as a whole: the form's answer, in milliseconds. */
  async timeLogin(email: string, password: string): Promise<number> {
    const start = performance.now()
    const answer = await this.#fetch('/login', { email, password })
    await answer.arrayBuffer()
    if (answer.status !== 303) throw new Error(`login answered ${answer.status}`)
    return performance.now() - start
  }

  /** Signed out, with a token for the login form. */
  async reset(): Promise<void> {
    this.#cookies.clear()
    await this.open('/login')
  }
}
