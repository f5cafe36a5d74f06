import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createRequire } from 'node:module'
import fastifySession from '@fastify/session'
import type { FastifyInstance, FastifyReply, FastifyRequest, Session } from 'fastify'
import type { Config } from '../config.ts'
import type { Customer } from '../shop/accounts.ts'
import { digest } from '../shop/digest.ts'
import type { Store } from '../store/index.ts'

export const SESSION_COOKIE = 'carrinho_session'

declare module 'fastify' {
  interface Session {
    /** Whose it is: all that a session holds. */
    customerId?: number
  }
  interface FastifyRequest {
    /** Who is signed in, read together with the session. */
    customer: Customer | undefined
    /** Where and when the session that was read began; undefined when there is none. */
    sessionOrigin: SessionOrigin | undefined
    /** Why it could not be read who is signed in; told once what was typed is known, so that it can be kept. */
    outage: unknown
  }
}

export interface SessionOrigin {
  /** The web server that made it. */
  madeOn: string
  /** Milliseconds since 1970. */
  createdAt: number
}

const ID_LENGTH = 32

/** What a pure function gave for the latest `max` texts; sparing a hash on each of someone's requests. */
function remember<V>(max: number, compute: (text: string) => V): (text: string) => V {
  const known = new Map<string, V>()
  return text => {
    const seen = known.get(text)
    if (seen !== undefined) return seen
    const value = compute(text)
    if (known.size >= max) known.delete(known.keys().next().value as string)
    known.set(text, value)
    return value
  }
}

interface Unsigned {
  valid: boolean
  /** Signed with an older secret. */
  renew: boolean
  value: string | null
}

/**
 * Signs session ids into cookies. A balancer that is sticky by route (Apache's `stickysession`) takes all that follows
 * the first dot for the route, so an id `abc.web1` becomes `abc~signature.web1`.
 */
export function sessionSigner(secrets: string[]) {
  const signature = (id: string, secret: string) => createHmac('sha256', secret).update(id).digest('base64url')
  const write = (id: string, secret: string) =>
    `${id.slice(0, ID_LENGTH)}~${signature(id, secret)}${id.slice(ID_LENGTH)}`

  const unsign = (cookie: string): Unsigned => {
    const match = /^([\w-]{32})~[\w-]{43}((?:\.[\w-]{1,64})?)$/.exec(cookie)
    if (match) {
      const id = `${match[1]}${match[2]}`
      const given = Buffer.from(cookie)
      for (const [age, secret] of secrets.entries()) {
        const expected = Buffer.from(write(id, secret))
        if (expected.length === given.length && timingSafeEqual(expected, given)) {
          return { valid: true, renew: age > 0, value: id }
        }
      }
    }
    return { valid: false, renew: false, value: null }
  }

  return {
    sign: remember(2000, id => write(id, secrets[0] ?? '')),
    unsign: remember(2000, unsign)
  }
}

/** The hash under which a session is stored. */
export const sessionHash = remember(2000, id => digest(id))

/**
 * To see whether a session changed, the library makes a JSON text of it and hashes that, twice a request. Ours hold an
 * identity and nothing else, so the identity is compared. Where a later release is built otherwise, requests are only slower.
 */
function compareIdentities(): void {
  const { prototype } = createRequire(import.meta.url)('@fastify/session/lib/session.js') as { prototype: object }
  const hash = Object.getOwnPropertySymbols(prototype).find(({ description }) => description === 'hash')
  if (hash) Object.defineProperty(prototype, hash, { value: identityOf })
}

function identityOf(this: Session): number {
  return this.customerId ?? 0
}

export async function session(
  app: FastifyInstance,
  { config, store }: { config: Config; store: Store }
): Promise<void> {
  compareIdentities()
  const { sessionMaxAgeMs, sessionIdleMs } = config
  const signer = sessionSigner(config.sessionSecrets)
  const expiry = (createdAt: number, now: number) => Math.min(createdAt + sessionMaxAgeMs, now + sessionIdleMs)
  const touchAfterMs = Math.min(60 * 60_000, sessionIdleMs / 10)

  /** In the background: whoever asked does not wait, and if it fails the next request tries again. */
  const touch = (idHash: string, createdAt: number, now: number) => {
    const work = store.beginJob('session touch')
    work
      .repeatable(() => store.sessions.touch(work, idHash, now, expiry(createdAt, now)))
      .catch(error => app.log.debug({ err: error }, 'a session was not touched'))
  }

  const load = async (request: FastifyRequest, id: string) => {
    const idHash = sessionHash(id)
    const now = Date.now()
    const row = await store.sessions.findLive(request.work, idHash, now)
    if (!row) return null
    if (now - row.lastSeenAt > touchAfterMs) touch(idHash, row.createdAt, now)
    request.customer = { id: row.customerId, name: row.name, email: row.email }
    request.sessionOrigin = { madeOn: row.madeOn, createdAt: row.createdAt }
    return { customerId: row.customerId } as unknown as Session
  }

  const save = async ({ work, headers, ip }: FastifyRequest, id: string, customerId: number) => {
    const now = Date.now()
    const row = {
      idHash: sessionHash(id),
      customerId,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: expiry(now, now),
      madeOn: config.serverName,
      userAgent: (headers['user-agent'] ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, 255),
      address: ip.slice(0, 64)
    }
    await work.repeatable(async () => {
      try {
        await store.sessions.add(work, row)
      } catch (error) {
        // Its id is random: what is there is this very session.
        if (!work.isDuplicate(error)) throw error
      }
    })
  }

  // The library calls its store without the request; it does so at once, in the same turn as these hooks.
  app.addHook('onRequest', (request, _reply, done) => serve(request, done))
  app.addHook('onSend', (request, _reply, _payload, done) => serve(request, done))

  await app.register(fastifySession, {
    secret: signer as never,
    cookieName: SESSION_COOKIE,
    // With a route, so that a balancer that is sticky by it can read it off the cookie.
    idGenerator: () => randomBytes(24).toString('base64url') + (config.serverRoute ? `.${config.serverRoute}` : ''),
    cookie: { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: sessionMaxAgeMs },
    rolling: false,
    saveUninitialized: false,
    store: {
      get(id, done) {
        const request = served()
        if (request.outage) return done(null, null)
        void load(request, id)
          .catch(error => {
            request.outage = error
            return null
          })
          .then(found => done(null, found))
      },
      set(id, found, done) {
        const { customerId } = found as unknown as Session
        // Only those who sign in have a row: a visitor costs the database nothing.
        if (customerId !== undefined) void save(served(), id, customerId).then(() => done(), done)
        else done()
      },
      destroy(id, done) {
        const { work, customer } = served()
        // Whoever was not signed in had no row.
        if (!customer) return done()
        void work.repeatable(() => store.sessions.remove(work, sessionHash(id))).then(() => done(), done)
      }
    }
  })

  app.decorateRequest('customer', undefined)
  app.decorateRequest('sessionOrigin', undefined)
  app.decorateRequest('outage', undefined)
  app.addHook('onRequest', (request, _reply, done) => {
    // Not an empty session: the library would take the cookie away.
    if (request.outage) request.session = {} as typeof request.session
    const cookie = request.cookies[SESSION_COOKIE]
    if (!cookie || !request.customer || !signer.unsign(cookie).renew) return done()
    // It was signed with an older secret: saving the session again sends it signed with today's.
    serve(request, () => request.session.save(error => done(error as Error | undefined)))
  })

  app.addHook('preValidation', (request, _reply, done) => {
    if (request.outage && !request.routeOptions.config.worksInOutage) done(request.outage as Error)
    else done()
  })

  app.decorateRequest('sessionBinding', function sessionBinding(this: FastifyRequest): string {
    if (this.customer) return sessionHash(this.session.sessionId)
    if (!this.outage) return 'anonymous'
    const { value } = signer.unsign(this.cookies[SESSION_COOKIE] ?? '')
    return value ? sessionHash(value) : 'anonymous'
  })
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The page is of use also while nobody can be known to be signed in. */
    worksInOutage?: boolean
  }
  interface FastifyRequest {
    /** What form tokens are bound to: this session, or none. It does not need the database. */
    sessionBinding(): string
  }
}

/** The request that the session library is being called for, until the end of this turn. */
let serving: FastifyRequest | undefined

function serve<R>(request: FastifyRequest, call: () => R): R {
  serving = request
  try {
    return call()
  } finally {
    serving = undefined
  }
}

function served(): FastifyRequest {
  if (!serving) throw new Error('the session store was called outside a request')
  return serving
}

/** Signs the customer in under a fresh session id. The row is written by then. @throws AppError when it could not be */
export async function signIn(request: FastifyRequest, customer: Customer): Promise<void> {
  await serve(request, () => request.session.regenerate())
  request.session.customerId = customer.id
  try {
    // Not left to the library, which saves as the answer is sent: too late for a page that says why it failed.
    await serve(request, () => request.session.save())
  } catch (error) {
    delete request.session.customerId
    throw error
  }
  request.customer = customer
}

export async function signOut(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  await serve(request, () => request.session.destroy())
  request.customer = undefined
  reply.clearCookie(SESSION_COOKIE, { path: '/' })
}
