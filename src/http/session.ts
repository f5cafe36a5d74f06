import { randomBytes } from 'node:crypto'
import fastifySession from '@fastify/session'
import type { FastifyInstance, FastifyReply, FastifyRequest, Session } from 'fastify'
import type { Config } from '../config/config.ts'
import type { Account } from '../features/accounts/rules.ts'
import { digest } from '../keys.ts'
import type { Store } from '../open-store.ts'
import type { Work } from '../store/work.ts'
import {
  clearCookie,
  clearPlainCookie,
  isSecure,
  protectedValues,
  sentValues,
  setCookie,
  unsetCookie
} from './cookies.ts'
import { remember } from './remember.ts'
import { createSigner, keysFor, type Signer } from './signing.ts'

export const SESSION_COOKIE = 'carrinho_session'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The page is of use also while nobody can be known to be signed in. */
    worksInOutage?: boolean
  }
  interface Session {
    /** Undefined for whoever is not signed in. */
    signedIn?: SignedIn
    /** Told when it begins. */
    device?: { userAgent: string; address: string }
    /** Why the store could not tell who is signed in. */
    outage?: unknown
  }
  interface FastifyRequest {
    /** Who is signed in, read together with the session. */
    readonly account: Account | undefined
    /** Why it could not be read who is signed in; told once what was typed is known, so that it can be kept. */
    outage: unknown
    /** What its cookies prove. Whether that session is live, the database tells. */
    sessionProof: SessionProof | undefined
    /** What form tokens are bound to: this session, or none. It does not need the database. */
    sessionBinding(): string
    /** Use `signIn`. */
    openSession(account: Account): Promise<void>
    /** Use `signOut`. */
    closeSession(): Promise<void>
  }
}

/** What the store reads of a session, and the session carries. */
interface SignedIn {
  account: Account
  /** The web server that made it. */
  madeOn: string
  /** Milliseconds since 1970. */
  createdAt: number
}

const ID_LENGTH = 32
/** Of one browser; more valid ones are somebody's game. */
const MAX_LOOKED_UP = 4

interface SessionProof {
  id: string
  /** Signed by a secret that is no longer the first, or under a name that is no longer given. */
  isOld: boolean
}

/**
 * Signs session ids into cookies. A balancer that is sticky by route (Apache's `stickysession`) takes all that follows
 * the first dot for the route, so an id `abc.web1` becomes `abc~signature.web1`.
 */
function sessionCookies({ sign, signedBy }: Signer) {
  const write = (id: string) => `${id.slice(0, ID_LENGTH)}~${sign(id)}${id.slice(ID_LENGTH)}`
  const again = remember(2000, write)
  return {
    /** Of a session that a browser brought: it will again. */
    writeAgain: again as (id: string) => string,
    write: (id: string) => again.ifKnown(id) ?? write(id),
    read: remember(2000, (cookie): SessionProof | undefined => {
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
export async function session(
  app: FastifyInstance,
  { config, store }: { config: Config; store: Store }
): Promise<void> {
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
  const proven = (request: FastifyRequest): SessionProof[][] => {
    const isPlainOwn = !isSecure(request)
    const groups = [
      protectedValues(request, SESSION_COOKIE).map(cookies.read),
      sentValues(request, SESSION_COOKIE).map(cookie => {
        const given = (isPlainOwn ? cookies.read(cookie) : undefined) ?? before.read(cookie)
        return given && { id: given.id, isOld: given.isOld || !isPlainOwn }
      })
    ]
    return groups.map(group => {
      const found = new Map<string, SessionProof>()
      for (const one of group) if (one && found.get(one.id)?.isOld !== false) found.set(one.id, one)
      return [...found.values()].slice(0, MAX_LOOKED_UP)
    })
  }

  /** Of several sessions the first that is live. @throws AppError when that cannot be read */
  const chooseLive = async (request: FastifyRequest, groups: SessionProof[][]): Promise<SessionProof | undefined> => {
    const now = Date.now()
    for (const group of groups) {
      const live = []
      for (const given of group) {
        const row = await store.sessions.findLive(request.work, sessionHash(given.id), now)
        if (row) live.push({ given, accountId: row.accountId })
      }
      const [first, ...others] = live
      if (!first) continue
      // Several people's, without TLS: one of them was planted, and nobody can tell which.
      return others.some(({ accountId }) => accountId !== first.accountId) ? undefined : first.given
    }
    return undefined
  }

  /** In the background: whoever asked does not wait, and if it fails the next request tries again. */
  const touch = (idHash: string, createdAt: number, now: number) => {
    const work = store.beginJob('session touch')
    work
      .repeatable(() => store.sessions.touch(work, idHash, now, expiry(createdAt, now)))
      .catch(error => app.log.debug({ err: error }, 'a session was not touched'))
  }

  const load = async (work: Work, id: string): Promise<SignedIn | undefined> => {
    const idHash = sessionHash(id)
    const now = Date.now()
    const row = await store.sessions.findLive(work, idHash, now)
    if (!row) return undefined
    const { accountId, name, email, madeOn, createdAt, lastSeenAt } = row
    if (now - lastSeenAt > touchAfterMs) touch(idHash, createdAt, now)
    return { account: { id: accountId, name, email }, madeOn, createdAt }
  }

  const save = async (work: Work, id: string, { account, madeOn, createdAt }: SignedIn, device: Session['device']) => {
    const row = {
      idHash: sessionHash(id),
      accountId: account.id,
      createdAt,
      lastSeenAt: createdAt,
      expiresAt: expiry(createdAt, createdAt),
      madeOn,
      userAgent: device?.userAgent ?? '',
      address: device?.address ?? ''
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

  /**
   * The library tells its store of a session's id and not of the request. A request that is about to call it leaves its
   * work here under that id, to have it on its bill, under its deadline and name.
   */
  const waiting = new Map<string, Work>()
  const take = (id: string): Work => {
    const work = waiting.get(id)
    waiting.delete(id)
    return work ?? store.begin()
  }

  app.decorateRequest('outage', undefined)
  app.decorateRequest('sessionProof', undefined)
  app.decorateRequest('account', {
    getter() {
      return this.session?.signedIn?.account
    }
  })

  // The library knows one name and one value of its cookie: it gets the one that counts, as it would sign it today. The
  // others it never sees, as it takes away what it cannot read: that may be the cookie of another carrinho on this host.
  app.addHook('onRequest', (request, _reply, done) => {
    const hand = (proof: SessionProof | undefined) => {
      request.sessionProof = proof
      request.cookies[SESSION_COOKIE] = undefined
      if (proof && !request.outage) {
        waiting.set(proof.id, request.work)
        request.cookies[SESSION_COOKIE] = cookies.writeAgain(proof.id)
      }
      done()
    }
    const groups = proven(request)
    const [first, ...others] = groups.flat()
    if (request.outage || others.every(({ id }) => id === first?.id)) return hand(first)
    chooseLive(request, groups).then(hand, error => {
      request.outage = error
      hand(first)
    })
  })

  await app.register(fastifySession, {
    secret: {
      sign: cookies.write,
      unsign(cookie) {
        const given = cookies.read(cookie)
        return { valid: given !== undefined, renew: given?.isOld === true, value: given?.id ?? null }
      }
    },
    cookieName: SESSION_COOKIE,
    cookie: { secure: 'auto' }, // for the rest see the hook that sends it
    // With a route, so that a balancer that is sticky by it can read it off the cookie.
    idGenerator: () => randomBytes(24).toString('base64url') + (config.serverRoute ? `.${config.serverRoute}` : ''),
    rolling: false,
    saveUninitialized: false,
    store: {
      // Never "there is none", nor an error: the library would take the cookie away, or answer before a form was read.
      get(id, done) {
        const carry = (found: Omit<Session, 'cookie'>) => done(null, { cookie: { originalMaxAge: null }, ...found })
        load(take(id), id).then(
          signedIn => carry(signedIn ? { signedIn } : {}),
          outage => carry({ outage })
        )
      },
      set(id, { signedIn, device }, done) {
        // Only those who sign in have a row: a visitor costs the database nothing.
        if (signedIn) save(take(id), id, signedIn, device).then(() => done(), done)
        else done()
      },
      destroy(id, done) {
        // Of whoever was not signed in there is no row, and nobody's work waits.
        if (!waiting.has(id)) return done()
        const work = take(id)
        work.repeatable(() => store.sessions.remove(work, sessionHash(id))).then(() => done(), done)
      }
    }
  })

  app.addHook('onRequest', (request, _reply, done) => {
    request.outage ??= request.session.outage
    done()
  })

  app.addHook('preValidation', (request, _reply, done) => {
    if (request.outage && !request.routeOptions.config.worksInOutage) done(request.outage as Error)
    else done()
  })

  // By this host's name for it. Taken away by `signOut` only.
  app.addHook('onSend', ({ session, sessionProof }, reply, _payload, done) => {
    if (session?.signedIn && (sessionProof?.isOld || session.isSaved())) {
      const leftMs = session.signedIn.createdAt + sessionMaxAgeMs - Date.now()
      unsetCookie(reply, SESSION_COOKIE)
      setCookie(reply, SESSION_COOKIE, session.encryptedSessionId, Math.max(1, Math.floor(leftMs / 1000)))
    }
    done()
  })

  app.decorateRequest('sessionBinding', function sessionBinding(this: FastifyRequest): string {
    if (this.account) return sessionHash(this.session.sessionId)
    return this.outage && this.sessionProof ? sessionHash(this.sessionProof.id) : 'anonymous'
  })

  /** What failed changed nothing, the cookie neither: the library would save a session again while the answer is sent. */
  const change = async (request: FastifyRequest, act: () => Promise<void>) => {
    const earlier = request.session
    if (request.account) waiting.set(earlier.sessionId, request.work)
    try {
      await act()
    } catch (error) {
      request.session = earlier
      throw error
    }
  }

  app.decorateRequest('openSession', function openSession(this: FastifyRequest, account: Account) {
    return change(this, async () => {
      await this.session.regenerate()
      const { session, work, headers, ip } = this
      session.signedIn = { account, madeOn: config.serverName, createdAt: Date.now() }
      session.device = {
        userAgent: (headers['user-agent'] ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, 255),
        address: ip.slice(0, 64)
      }
      waiting.set(session.sessionId, work)
      await session.save()
    })
  })

  app.decorateRequest('closeSession', function closeSession(this: FastifyRequest) {
    return change(this, () => this.session.destroy())
  })
}

/** The hash of the session by which an account is signed in, behind `membersOnly`. */
export function sessionHere({ account, session }: FastifyRequest): string {
  if (!account) throw new Error('a members-only route ran without a session')
  return sessionHash(session.sessionId)
}

/** Signs the account in under a fresh session id. The row is written by then. @throws AppError when it could not be */
export const signIn = (request: FastifyRequest, account: Account): Promise<void> => request.openSession(account)

export async function signOut(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  await request.closeSession()
  clearCookie(reply, SESSION_COOKIE)
  // One of before, which counted over TLS, too.
  if (isSecure(request) && sentValues(request, SESSION_COOKIE).length > 0) clearPlainCookie(reply, SESSION_COOKIE)
}
