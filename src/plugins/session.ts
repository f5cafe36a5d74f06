import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import fastifySession from '@fastify/session'
import type { FastifyInstance, FastifyReply, FastifyRequest, Session } from 'fastify'
import type { Config } from '../config.ts'
import type { Customer } from '../shop/accounts.ts'
import { digest } from '../shop/digest.ts'
import { newBudget, runWithBudget } from '../store/budget.ts'
import type { Store } from '../store/index.ts'

export const SESSION_COOKIE = 'carrinho_session'

declare module 'fastify' {
  interface Session {
    customer?: Customer
    /** Milliseconds since 1970. */
    createdAt?: number
    /** The web server that made it. */
    madeOn?: string
  }
  interface FastifyRequest {
    /** Set until the session was read: an error then says nothing about who is signed in. */
    isSessionUnknown: boolean
  }
}

const ID_LENGTH = 32

/**
 * Signs session ids into cookies. A balancer that is sticky by route (Apache's `stickysession`) takes all that follows
 * the first dot for the route, so an id `abc.web1` becomes `abc~signature.web1`.
 */
export function sessionSigner(secrets: string[]) {
  const signature = (id: string, secret: string) => createHmac('sha256', secret).update(id).digest('base64url')
  const write = (id: string, secret: string) => {
    const sign = `~${signature(id, secret)}`
    return id.slice(0, ID_LENGTH) + sign + id.slice(ID_LENGTH)
  }
  return {
    sign: (id: string) => write(id, secrets[0] ?? ''),
    unsign(cookie: string): { valid: boolean; renew: boolean; value: string | null } {
      const match = /^([\w-]{32})~([\w-]{43})((?:\.[\w-]{1,64})?)$/.exec(cookie)
      if (match) {
        const id = `${match[1]}${match[3]}`
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
  }
}

/** The hash under which a session is stored. */
export const sessionHash = (id: string): string => digest(id)

/** The signed-in customer, if any. */
export const customerOf = (request: FastifyRequest): Customer | undefined => request.session?.customer

export async function session(
  app: FastifyInstance,
  { config, store }: { config: Config; store: Store }
): Promise<void> {
  const { sessionMaxAgeMs, sessionIdleMs } = config
  const signer = sessionSigner(config.sessionSecrets)
  const expiry = (createdAt: number, now: number) => Math.min(createdAt + sessionMaxAgeMs, now + sessionIdleMs)
  const touchAfterMs = Math.min(60 * 60_000, sessionIdleMs / 10)

  /** In the background: whoever asked does not wait, and if it fails the next request tries again. */
  const touch = (idHash: string, createdAt: number, now: number) => {
    runWithBudget(newBudget(config.limits.requestMs), () =>
      store
        .repeatable(() => store.sessions.touch(idHash, now, expiry(createdAt, now)))
        .catch(error => app.log.debug({ err: error }, 'a session was not touched'))
    )
  }

  const load = async (id: string) => {
    const idHash = sessionHash(id)
    const now = Date.now()
    const row = await store.sessions.findLive(idHash, now)
    if (!row) return null
    if (now - row.lastSeenAt > touchAfterMs) touch(idHash, row.createdAt, now)
    const customer: Customer = { id: row.customerId, name: row.name, email: row.email }
    return { customer, createdAt: row.createdAt, madeOn: row.madeOn } as unknown as Session
  }

  const save = async (id: string, session: Session, request: FastifyRequest | undefined) => {
    // Only those who sign in have a row: a visitor costs the database nothing.
    if (!session.customer) return
    const now = Date.now()
    session.createdAt ??= now
    session.madeOn ??= config.serverName
    const row = {
      idHash: sessionHash(id),
      customerId: session.customer.id,
      createdAt: session.createdAt,
      lastSeenAt: now,
      expiresAt: expiry(session.createdAt, now),
      madeOn: session.madeOn,
      userAgent: (request?.headers['user-agent'] ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, 255),
      address: (request?.ip ?? '').slice(0, 64)
    }
    await store.repeatable(async () => {
      try {
        await store.sessions.add(row)
      } catch (error) {
        // Its id is random: what is there is this very session.
        if (!store.isDuplicate(error)) throw error
      }
    })
  }

  await app.register(fastifySession, {
    secret: signer as never,
    cookieName: SESSION_COOKIE,
    // With a route, so that a balancer that is sticky by it can read it off the cookie.
    idGenerator: () => randomBytes(24).toString('base64url') + (config.serverRoute ? `.${config.serverRoute}` : ''),
    cookie: { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: sessionMaxAgeMs },
    rolling: false,
    saveUninitialized: false,
    store: {
      get: (id, done) => void load(id).then(found => done(null, found), done),
      set: (id, found, done) => {
        const request = savingFor.get(found as unknown as Session)
        void save(id, found as unknown as Session, request).then(() => done(), done)
      },
      destroy: (id, done) =>
        void store.repeatable(() => store.sessions.remove(sessionHash(id))).then(() => done(), done)
    }
  })

  app.decorateRequest('isSessionUnknown', true)
  app.addHook('onRequest', async request => {
    request.isSessionUnknown = false
    // The cookie was signed with an older secret: saving it again sends it signed with today's.
    const cookie = request.cookies[SESSION_COOKIE]
    if (customerOf(request) && cookie && signer.unsign(cookie).renew) await request.session.save()
  })

  app.decorateRequest('sessionBinding', function sessionBinding(this: FastifyRequest): string {
    if (customerOf(this)) return sessionHash(this.session.sessionId)
    if (!this.isSessionUnknown) return 'anonymous'
    const { value } = signer.unsign(this.cookies[SESSION_COOKIE] ?? '')
    return value ? sessionHash(value) : 'anonymous'
  })
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What form tokens are bound to: this session, or none. It does not need the database. */
    sessionBinding(): string
  }
}

/** The store is handed a session without its request, which knows the browser and the address. */
const savingFor = new WeakMap<Session, FastifyRequest>()

/** Signs the customer in under a fresh session id. The row is written before the answer is sent. */
export async function signIn(request: FastifyRequest, customer: Customer): Promise<void> {
  await request.session.regenerate()
  savingFor.set(request.session as unknown as Session, request)
  request.session.customer = customer
}

export async function signOut(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  await request.session.destroy()
  reply.clearCookie(SESSION_COOKIE, { path: '/' })
}
