import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { type Reply, request } from './requests.ts'
import type { Site } from './servers.ts'

interface Answer {
  headers?: Record<string, unknown>
  content?: Record<string, { schema: object }>
}
interface Operation {
  operationId: string
  responses: Record<string, Answer>
}
export interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}

export interface Call {
  body?: unknown
  headers?: Record<string, string | undefined>
  /** Sent as it is, instead of `body`. */
  raw?: string | Buffer
}

const documents = new Map<string, Promise<Document>>()

export const documentOf = (url: string): Promise<Document> => {
  const known = documents.get(url) ?? request(`${url}/api/v1/openapi.json`).then(reply => reply.json() as Document)
  documents.set(url, known)
  return known
}

/** A program with a token. Each answer that it gets is held against the document. */
export class Program {
  readonly #url: string
  readonly token: string | undefined
  /** Operations and statuses that it saw. */
  readonly seen = new Set<string>()

  constructor({ url }: { url: string }, token: string | undefined) {
    this.#url = url
    this.token = token
  }

  async call(method: string, path: string, { body, headers = {}, raw }: Call = {}): Promise<Reply> {
    const isWrite = method !== 'GET' && method !== 'HEAD'
    const all: Record<string, string | undefined> = {
      ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
      ...(body === undefined && raw === undefined ? {} : { 'content-type': 'application/json' }),
      ...(isWrite ? { 'idempotency-key': randomUUID() } : {}),
      ...headers
    }
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const reply = await request(`${this.#url}/api/v1${path}`, {
      method,
      headers: { ...given, ...(sent === undefined ? {} : { 'content-length': String(Buffer.byteLength(sent)) }) },
      ...(sent === undefined ? {} : { body: sent })
    })
    await this.#check(method, path, reply)
    return reply
  }

  get = (path: string, call?: Call) => this.call('GET', path, call)
  post = (path: string, body?: unknown, call?: Call) => this.call('POST', path, { body, ...call })
  put = (path: string, body?: unknown, call?: Call) => this.call('PUT', path, { body, ...call })
  patch = (path: string, body?: unknown, call?: Call) => this.call('PATCH', path, { body, ...call })
  delete = (path: string, call?: Call) => this.call('DELETE', path, call)

  async #check(method: string, path: string, reply: Reply): Promise<void> {
    assert.equal(reply.headers['set-cookie'], undefined, 'no cookie')
    const document = await documentOf(this.#url)
    const wanted = `/api/v1${path.split('?', 1)[0]}`
    const template = Object.keys(document.paths).find(it =>
      new RegExp(`^${it.replace(/\{\w+\}/g, '[^/]+')}$`).test(wanted)
    )
    const operation = template && document.paths[template]?.[(method === 'HEAD' ? 'GET' : method).toLowerCase()]
    const type = reply.headers['content-type']?.split(';')[0] ?? ''
    if (!operation) {
      assert.ok([401, 404, 405].includes(reply.status), `${method} ${path}: ${reply.status}`)
      return await assertMatches(document, { $ref: '#/components/schemas/Problem' }, reply.json(), path)
    }
    const what = `${operation.operationId} ${reply.status}`
    const answer = operation.responses[reply.status]
    assert.ok(answer, `${what} is not in the document: ${reply.text}`)
    this.seen.add(what)
    for (const name of Object.keys(answer.headers ?? {})) {
      const isOptional = /^(RateLimit-|Idempotency-Replayed|ETag|Link)/.test(name) && reply.status >= 400
      const isOfSome = /^(Link|Idempotency-Replayed)$/.test(name) || (name === 'Retry-After' && reply.status === 409)
      if (!isOptional && !isOfSome) {
        assert.ok(reply.headers[name.toLowerCase()] !== undefined, `${what} without ${name}`)
      }
    }
    if (method === 'HEAD') return
    if (!answer.content) return assert.equal(reply.text, '', what)
    const media = answer.content[type]
    assert.ok(media, `${what} is ${type}`)
    if ('format' in media.schema && media.schema.format === 'binary') return assert.ok(reply.bytes > 0, what)
    await assertMatches(document, media.schema, reply.json(), what)
  }
}

type Check = (schema: object) => ValidateFunction

const checks = new WeakMap<Document, Promise<Check>>()

/** Loaded here, as it takes a while and few tests need it; each schema is compiled once. */
async function checkFor({ components }: Document): Promise<Check> {
  const { Ajv2020 } = await import('ajv/dist/2020.js')
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
  ajv.addSchema({ $id: 'doc:', components })
  const compiled = new Map<string, ValidateFunction>()
  return schema => {
    const text = JSON.stringify(schema).replaceAll('"#/', '"doc:#/')
    const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text) as object)
    compiled.set(text, validate)
    return validate
  }
}

async function assertMatches(document: Document, schema: object, value: unknown, what: string): Promise<void> {
  const check = checks.get(document) ?? checkFor(document)
  checks.set(document, check)
  const validate = (await check)(schema)
  if (validate(value)) return
  const errors = (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  assert.fail(`${what}: ${errors.join(', ')} in ${JSON.stringify(value)}`)
}

/** What `carrinho token add` does, without starting a process for it: tests make many tokens. */
export async function tokenFor(
  { database }: Pick<Site, 'database'>,
  email: string,
  scope: 'read' | 'write' = 'read'
): Promise<string> {
  const [{ readDatabaseConfig }, { openStore }, { noEvents }, { tokenRules }] = await Promise.all([
    import('../../src/config/config.ts'),
    import('../../src/open-store.ts'),
    import('../../src/store/events.ts'),
    import('../../src/features/tokens/rules.ts')
  ])
  const store = await openStore(readDatabaseConfig(database.env), noEvents)
  try {
    const account = await store.accounts.findByEmailKey(store.begin(), email.toLowerCase())
    assert.ok(account, `nobody has ${email}`)
    const made = await tokenRules(store).make(store.begin(), account.id, { name: 'test', scope, days: 90 })
    assert.ok(typeof made !== 'string', String(made))
    return made.token
  } finally {
    await store.dialect.close(0)
  }
}

interface ProblemAnswer {
  type: string
  code: string
  status: number
  detail: string
  errors?: { field: string; in: string; pointer?: string; detail: string }[]
  current?: Record<string, unknown>
}

/** That an answer is this problem; what it says. */
export function assertProblem(reply: Reply, status: number, code: string): ProblemAnswer {
  assert.equal(reply.status, status, reply.text)
  assert.match(reply.headers['content-type'] ?? '', /^application\/problem\+json/)
  const problem = reply.json() as ProblemAnswer
  assert.equal(problem.code, code)
  assert.equal(problem.status, status)
  return problem
}
