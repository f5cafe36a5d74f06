import { digest, newKey } from '../../keys.ts'
import type { Store } from '../../open-store.ts'
import type { Work } from '../../store/work.ts'
import type { UsedToken } from './queries.ts'
import type { TokenScope } from './schema.ts'
import { isWholeToken, newToken } from './token-text.ts'

export type { Token } from './queries.ts'

/** Tokens that an account may have at once. */
export const MAX_TOKENS = 50

const DAY_MS = 86_400_000
const TOUCH_AFTER_MS = 60 * 60_000
/** A program that was left running is still told why its token no longer counts. */
const REMEMBERED_MS = 90 * DAY_MS
const NEVER = Number.MAX_SAFE_INTEGER
/** So long the form that made a token may come again, through a balancer whose server died, and show it. */
const SHOWN_AGAIN_MS = 10 * 60_000

export interface NewToken {
  name: string
  scope: TokenScope
  /** 0: it does not end by itself. */
  days: number
}

/** Whom a program acts for, and how far. */
export interface Caller {
  account: { id: number; name: string; email: string }
  tokenId: string
  scope: TokenScope
}

/** Why a token does not count. `mistyped`: no token was ever like that. */
export type Uncounted =
  | { why: 'mistyped' | 'unknown' }
  | { why: 'expired' | 'revoked'; accountId: number; tokenId: string }

export type Tokens = ReturnType<typeof tokenRules>

/** `warn` is told when a use could not be noted. */
export function tokenRules({ tokens, beginJob }: Store, warn: (error: unknown) => void = () => {}) {
  /** In the background: whoever asked does not wait, and if it fails the next request tries again. */
  const touch = ({ id, lastUsedAt }: UsedToken, now: number) => {
    const before = now - TOUCH_AFTER_MS
    if (lastUsedAt !== null && lastUsedAt >= before) return
    const work = beginJob('token use')
    work.repeatable(() => tokens.touch(work, id, now, before)).catch(warn)
  }

  return {
    /**
     * The token itself, which is shown now and never again. The same operation again gives the same token another secret,
     * as the one before may never have arrived; `used` when it did.
     */
    async make(
      work: Work,
      accountId: number,
      { name, scope, days }: NewToken,
      operation: string = newKey()
    ): Promise<{ token: string; id: string } | 'full' | 'used'> {
      const now = Date.now()
      const live = await tokens.listLive(work, accountId, now, MAX_TOKENS)
      const id = /^[\w-]{22,43}$/.test(operation) ? operation : digest(operation)
      if (live.length >= MAX_TOKENS && !live.some(it => it.id === id)) return 'full'
      const token = newToken()
      const expiresAt = days === 0 ? null : now + days * DAY_MS
      const row = {
        id,
        accountId,
        hash: digest(token),
        name,
        scope,
        createdAt: now,
        expiresAt,
        revokedAt: null,
        lastUsedAt: null,
        forgetAt: expiresAt === null ? NEVER : expiresAt + REMEMBERED_MS
      }
      const isMade = await work.repeatable(async maybeDone => {
        try {
          await tokens.add(work, row)
          return true
        } catch (error) {
          if (!work.isDuplicate(error)) throw error
          if (maybeDone && (await tokens.findByHash(work, row.hash))) return true
          return tokens.replaceUnused(work, row, now - SHOWN_AGAIN_MS)
        }
      })
      return isMade ? { token, id } : 'used'
    },

    /** Whose token this is, if it counts. */
    async recognise(work: Work, text: string): Promise<Caller | Uncounted> {
      if (!isWholeToken(text)) return { why: 'mistyped' }
      const found = await tokens.findByHash(work, digest(text))
      if (!found) return { why: 'unknown' }
      const now = Date.now()
      const { id: tokenId, accountId, accountName: name, email, scope } = found
      if (found.revokedAt !== null) return { why: 'revoked', accountId, tokenId }
      if (found.expiresAt !== null && found.expiresAt <= now) return { why: 'expired', accountId, tokenId }
      touch(found, now)
      return { account: { id: accountId, name, email }, tokenId, scope }
    },

    /** Those that count, the newest first. */
    list: (work: Work, accountId: number) => tokens.listLive(work, accountId, Date.now(), MAX_TOKENS),

    /** From now on it opens nothing. Whether it was the account's and counted. */
    revoke(work: Work, accountId: number, id: string): Promise<boolean> {
      const now = Date.now()
      return work.repeatable(
        async maybeDone => (await tokens.revoke(work, accountId, id, now, now + REMEMBERED_MS)) || maybeDone
      )
    }
  }
}
