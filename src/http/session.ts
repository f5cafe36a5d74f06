import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import type { Customer } from '../features/accounts/rules.ts'
import { digest } from '../keys.ts'
import type { Store } from '../open-store.ts'
import { clearCookie, clearPlainCookie, isSecure, protectedValues, sentValues, setCookie } from './cookies.ts'
import { remember } from './remember.ts'
import { createSigner, keysFor, type Signer } from './signing.ts'

export const SESSION_COOKIE = 'carrinho_session'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The page is of use also while nobody can be known to be signed in. */
    worksInOutage?: boolean
  }
  interface FastifyRequest {
    /** Who is signed in, read together with the session. */
    customer: Customer | undefined
    /** By what they are; undefined for whoever is not. */
    session: Session | undefined
    /** Why it could not be read who is signed in; told once what was typed is known, so that it can be kept. */
    outage: unknown
    /** What form tokens are bound to: this session, or none. It does not need the database. */
    sessionBinding(): string
    /** Use `signIn`. */
    openSession(customer: Customer): Promise<void>
    /** Use `signOut`. */
    closeSession(): Promise<void>
  }
}

/** Identity and nothing else. */
export interface Session {
  id: string
  /** The web server that made it. */
  madeOn: string
  /** Milliseconds since 1970. */
  createdAt: number
  /** Whether the browser has its cookie in today's form. */
  isSent: boolean
}

const ID_LENGTH = 32
/** Of one browser; more valid ones are somebody's game. */
const MAX_LOOKED_UP = 4

interface Proven {
  id: string
  /** Signed by a secret that is no longer the first. */
  isOld: boolean
}

/**
 * Signs session ids into cookies. A balancer that is sticky by route (Apache's `stickysession`) takes all that follows
 * the first dot for the route, so an id `abc.web1` becomes `abc~signature.web1`.
 */
function sessionCookies({ sign, signedBy }: Signer) {
  return {
    write: (id: string) => `${id.slice(0, ID_LENGTH)}~${sign(id)}${id.slice(ID_LENGTH)}`,
    read: remember(2000, (cookie): Proven | undefined => {
      const [, start = '', signature = '', route = ''] =
        /^([\w-]{32})~([\w-]{43})((?:\.[\w-]{1,64})?)$/.exec(cookie) ?? []
      const by = start === '' ? undefined : signedBy(start + route, signature)
      return by === undefined ? undefined : { id: start + route, isOld: by > 0 }
    })
  }
}

/** The hash under which a session is stored. */
export const sessionHash = remember(2000, id => digest(id)) as (id: string) => string

/** Sessions in the database, found by a signed cookie. */
export function session(app: FastifyInstance, { config, store }: { config: Config; store: Store }): void {
  const { sessionMaxAgeMs, sessionIdleMs } = config
  const cookies = sessionCookies(createSigner(keysFor('session', config.sessionSecrets)))
  // Releases before `__Host-` signed with the secrets themselves. The last such cookie is over SESSION_MAX_AGE_MS after
  // the last of their servers; then this can go.
  const before = sessionCookies(createSigner(config.sessionSecrets))
  const expiry = (createdAt: number, now: number) => Math.min(createdAt + sessionMaxAgeMs, now + sessionIdleMs)
  const touchAfterMs = Math.min(60 * 60_000, sessionIdleMs / 10)

  /**
   * The sessions that this request's cookies prove, in two groups: none of the second counts beside a live one of the
   * first. Over TLS a plain name proves nothing, as any other host of the domain can set it, but for cookies of before.
   */
  const proven = (request: FastifyRequest): Omit<Session, 'madeOn' | 'createdAt'>[][] => {
    const isPlainOwn = !isSecure(request)
    const groups = [
      protectedValues(request, SESSION_COOKIE).map(cookies.read),
      sentValues(request, SESSION_COOKIE).map(
        cookie => (isPlainOwn ? cookies.read(cookie) : undefined) ?? before.read(cookie)
      )
    ]
    return groups.map((group, index) => {
      const found = new Map<string, boolean>()
      for (const one of group) if (one) found.set(one.id, !one.isOld && (index === 0 || isPlainOwn))
      return [...found].slice(0, MAX_LOOKED_UP).map(([id, isSent]) => ({ id, isSent }))
    })
  }

  const load = async (request: FastifyRequest, groups: ReturnType<typeof proven>) => {
    const now = Date.now()
    for (const group of groups) {
      const live = []
      for (const given of group) {
        const row = await store.sessions.findLive(request.work, sessionHash(given.id), now)
        if (row) live.push({ ...row, ...given })
      }
      const [first, ...others] = live
      if (!first) continue
      // Several people's, without TLS: one of them was planted, and nobody can tell which.
      if (others.some(({ accountId }) => accountId !== first.accountId)) return
      const { id, isSent, accountId, name, email, madeOn, createdAt, lastSeenAt } = first
      if (now - lastSeenAt > touchAfterMs) touch(sessionHash(id), createdAt, now)
      request.customer = { id: accountId, name, email }
      request.session = { id, isSent, madeOn, createdAt }
      return
    }
  }

  /** In the background: whoever asked does not wait, and if it fails the next request tries again. */
  const touch = (idHash: string, createdAt: number, now: number) => {
    const work = store.beginJob('session touch')
    work
      .repeatable(() => store.sessions.touch(work, idHash, now, expiry(createdAt, now)))
      .catch(error => app.log.debug({ err: error }, 'a session was not touched'))
  }

  app.decorateRequest('customer', undefined)
  app.decorateRequest('session', undefined)
  app.decorateRequest('outage', undefined)

  app.addHook('onRequest', (request, _reply, done) => {
    if (request.outage) return done()
    const groups = proven(request)
    if (groups.every(group => group.length === 0)) return done()
    load(request, groups).then(
      () => done(),
      error => {
        request.outage = error
        done()
      }
    )
  })

  app.addHook('preValidation', (request, _reply, done) => {
    if (request.outage && !request.routeOptions.config.worksInOutage) done(request.outage as Error)
    else done()
  })

  // A cookie is taken away by `signOut` only: what is of no use here may be that of another carrinho on this host.
  app.addHook('onSend', ({ session }, reply, _payload, done) => {
    if (session && !session.isSent) {
      const leftMs = session.createdAt + sessionMaxAgeMs - Date.now()
      setCookie(reply, SESSION_COOKIE, cookies.write(session.id), Math.max(1, Math.floor(leftMs / 1000)))
      session.isSent = true
    }
    done()
  })

  app.decorateRequest('sessionBinding', function sessionBinding(this: FastifyRequest): string {
    if (this.session) return sessionHash(this.session.id)
    const [given] = this.outage ? proven(this).flat() : []
    return given ? sessionHash(given.id) : 'anonymous'
  })

  app.decorateRequest('openSession', async function openSession(this: FastifyRequest, customer: Customer) {
    const { work, headers, ip, session: earlier } = this
    const now = Date.now()
    // With a route, so that a balancer that is sticky by it can read it off the cookie.
    const id = randomBytes(24).toString('base64url') + (config.serverRoute ? `.${config.serverRoute}` : '')
    const row = {
      idHash: sessionHash(id),
      accountId: customer.id,
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
    if (earlier) await work.repeatable(() => store.sessions.remove(work, sessionHash(earlier.id)))
    this.customer = customer
    this.session = { id, madeOn: row.madeOn, createdAt: now, isSent: false }
  })

  app.decorateRequest('closeSession', async function closeSession(this: FastifyRequest) {
    const { work, session } = this
    if (session) await work.repeatable(() => store.sessions.remove(work, sessionHash(session.id)))
    this.customer = undefined
    this.session = undefined
  })
}

/** The hash of the session by which a customer is signed in, behind `membersOnly`. */
export function sessionHere({ session }: FastifyRequest): string {
  if (!session) throw new Error('a members-only route ran without a session')
  return sessionHash(session.id)
}

/** Signs the customer in under a fresh session id. The row is written by then. @throws AppError when it could not be */
export const signIn = (request: FastifyRequest, customer: Customer): Promise<void> => request.openSession(customer)

export async function signOut(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  await request.closeSession()
  clearCookie(reply, SESSION_COOKIE)
  // One of before, which counted over TLS, too.
  if (isSecure(request) && sentValues(request, SESSION_COOKIE).length > 0) clearPlainCookie(reply, SESSION_COOKIE)
}
