import { Agent, type ClientRequestArgs, request as httpRequest } from 'node:http'
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'

/** As long as the site's own script waits for an answer before it tries again. */
export const ANSWER_WITHIN_MS = 10_000

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
  /** The same as it came: a picture is no text. */
  bytes: Buffer
}

/** No answer came. `sent` is false only when not a byte can have reached a server. */
export class NoAnswer extends Error {
  readonly sent: boolean
  readonly code: string

  constructor(code: string, sent: boolean) {
    super(code)
    this.code = code
    this.sent = sent
  }
}

const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL'])

/** What a form sends; boxes of one name send each a value. */
export type Form = Record<string, string | readonly string[]>

/** A file that a form sends with its fields. */
export interface SentFile {
  field: string
  type: string
  bytes: Buffer
}

interface Options {
  method?: 'GET' | 'POST'
  form?: Form
  file?: SentFile
  /** Asked in the site's place, with the site's cookies: one of the servers behind its balancers. */
  at?: string
  accept?: string
  authorization?: string
  headers?: Record<string, string>
  timeoutMs?: number
}

/** Chromium's kConnectRetryIntervalMs: a connection that takes longer gets a second one beside it, and the first to come wins. */
const SECOND_CONNECTION_AFTER_MS = 250

/** Connects as browsers do: a packet lost on the way to a dead balancer costs a quarter of a second, not TCP's whole one. */
class BrowserAgent extends Agent {
  override createConnection(
    options: ClientRequestArgs,
    done?: (error: Error | null, socket: Duplex) => void
  ): undefined {
    const sockets = new Set<Socket>()
    let settled = false
    const open = () => {
      const socket = connect(options as TcpNetConnectOpts)
      sockets.add(socket)
      socket.setTimeout(ANSWER_WITHIN_MS, () =>
        socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }))
      )
      const onError = (error: Error) => {
        sockets.delete(socket)
        if (settled || sockets.size > 0) return
        settled = true
        clearTimeout(timer)
        done?.(error, socket)
      }
      socket.once('error', onError)
      socket.once('connect', () => {
        socket.removeListener('error', onError)
        socket.setTimeout(0)
        if (settled) return void socket.destroy()
        settled = true
        clearTimeout(timer)
        for (const other of sockets) if (other !== socket) other.on('error', () => undefined).destroy()
        done?.(null, socket)
      })
    }
    const timer = setTimeout(open, SECOND_CONNECTION_AFTER_MS)
    open()
    return undefined
  }
}

/** What a browser keeps between requests: cookies and connections. Does not follow redirections. */
export class Browser {
  readonly #site: URL
  readonly #agent: Agent | false
  readonly #cookies = new Map<string, string>()

  readonly #localAddress: string | undefined

  /**
   * @param keepsConnections false opens a connection for each request
   * @param localAddress sends from this address of the host
   */
  constructor(site: string, keepsConnections = true, localAddress?: string) {
    this.#site = new URL(site)
    this.#localAddress = localAddress
    this.#agent = keepsConnections ? new BrowserAgent({ keepAlive: true, maxSockets: 6 }) : false
  }

  get(path: string, options: Options = {}): Promise<Answer> {
    return this.#send(path, { ...options, method: 'GET' }, true)
  }

  post(path: string, form: Form, options: Options = {}): Promise<Answer> {
    return this.#send(path, { ...options, method: 'POST', form }, true)
  }

  close(): void {
    if (this.#agent) this.#agent.destroy()
  }

  #send(path: string, options: Options, mayResend: boolean): Promise<Answer> {
    const { type, body } = encode(options)
    const timeoutMs = options.timeoutMs ?? ANSWER_WITHIN_MS
    const headers: Record<string, string | number> = {
      accept: options.accept ?? 'text/html',
      'accept-language': 'pt',
      ...options.headers
    }
    if (this.#cookies.size > 0)
      headers.cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    // By this a web server knows a page's script from a program.
    headers['sec-fetch-mode'] = headers.accept === 'text/html' ? 'navigate' : 'cors'
    if (options.authorization) headers.authorization = options.authorization
    if (body !== undefined) {
      headers['content-type'] = type
      headers['content-length'] = Buffer.byteLength(body)
      headers.origin = this.#site.origin
    }
    return new Promise((resolve, reject) => {
      let connected = false
      const outgoing = httpRequest(new URL(path, options.at ?? this.#site), {
        method: options.method ?? 'GET',
        headers,
        agent: this.#agent,
        localAddress: this.#localAddress
      })
      const timer = setTimeout(
        () => outgoing.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
        timeoutMs
      )
      outgoing.on('socket', socket => {
        if (socket.connecting) {
          socket.once('connect', () => {
            connected = true
          })
        } else connected = true
      })
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer)
        const code = error.code ?? error.message
        // A kept connection that turns out to be closed is a browser's own business: it sends the request again, on a new one.
        if (mayResend && outgoing.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE')) {
          this.#send(path, options, false).then(resolve, reject)
          return
        }
        reject(new NoAnswer(code, connected && !NEVER_CONNECTED.has(code)))
      })
      outgoing.on('response', response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk))
        // In the middle of an answer: the request itself says nothing more.
        response.on('error', (error: NodeJS.ErrnoException) => {
          clearTimeout(timer)
          reject(new NoAnswer(error.code ?? error.message, true))
        })
        response.on('end', () => {
          clearTimeout(timer)
          if (!response.complete) return reject(new NoAnswer('ECONNRESET', true))
          this.#keepCookies(response.headers['set-cookie'])
          const bytes = Buffer.concat(chunks)
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: bytes.toString(),
            bytes
          })
        })
      })
      outgoing.end(body)
    })
  }

  #keepCookies(lines: string[] | undefined): void {
    for (const line of lines ?? []) {
      const [pair = '', ...attributes] = line.split(';')
      const at = pair.indexOf('=')
      const name = pair.slice(0, at).trim()
      const ended = attributes.some(
        text => /^\s*max-age=0\s*$/i.test(text) || /^\s*expires=Thu, 01 Jan 1970/i.test(text)
      )
      if (ended) this.#cookies.delete(name)
      else this.#cookies.set(name, pair.slice(at + 1).trim())
    }
  }
}

const BOUNDARY = '----carrinho-lab-7f3b1c'

function encode({ form, file }: Pick<Options, 'form' | 'file'>): { type: string; body?: string | Buffer } {
  const fields = Object.entries(form ?? {}).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, each])
  )
  if (!file) {
    const type = 'application/x-www-form-urlencoded'
    return form ? { type, body: new URLSearchParams(fields).toString() } : { type }
  }
  const part = (about: string) => `--${BOUNDARY}\r\ncontent-disposition: form-data; ${about}\r\n`
  const begun = fields.map(([name, value]) => `${part(`name="${name}"`)}\r\n${value}\r\n`).join('')
  const head = `${part(`name="${file.field}"; filename="photo"`)}content-type: ${file.type}\r\n\r\n`
  return {
    type: `multipart/form-data; boundary=${BOUNDARY}`,
    body: Buffer.concat([Buffer.from(begun + head), file.bytes, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)])
  }
}

/** The form that posts to `action`, or has a button that does; undefined when the page has no such form. */
function formWith(html: string, action: string): string | undefined {
  for (const [form] of html.matchAll(/<form\b[^>]*>.*?<\/form>/gs)) {
    const opening = form.slice(0, form.indexOf('>') + 1)
    const buttons = Array.from(form.matchAll(/<button\b[^>]*>/g), ([button]) => readAttribute(button, 'formaction'))
    if (readAttribute(opening, 'action') === action || buttons.includes(action)) return form
  }
  return undefined
}

const inputsOf = (form: string): string[] => Array.from(form.matchAll(/<input\b[^>]*>/g), ([input]) => input)

/** The hidden fields of that form. */
export function findForm(html: string, action: string): Record<string, string> | undefined {
  const form = formWith(html, action)
  if (form === undefined) return undefined
  const fields: Record<string, string> = {}
  for (const input of inputsOf(form)) {
    const name = readAttribute(input, 'name')
    if (name && readAttribute(input, 'type') === 'hidden') fields[name] = readAttribute(input, 'value') ?? ''
  }
  return fields
}

/** The values of its boxes that are ticked, which a browser sends with it whatever button is pressed. */
export const findTicked = (html: string, action: string): string[] =>
  inputsOf(formWith(html, action) ?? '')
    .filter(input => readAttribute(input, 'type') === 'checkbox' && /\schecked(?=[\s>])/.test(input))
    .map(input => readAttribute(input, 'value') ?? 'on')

function readAttribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  return found?.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&')
}
