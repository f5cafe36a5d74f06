import type { Dialect } from '../../store/dialect.ts'
import { given, insert, type RowOf, select, sql } from '../../store/sql.ts'
import { reading } from '../../store/statement.ts'
import { accounts, tokens } from '../../store/tables.ts'
import type { Db } from '../../store/work.ts'

export type TokenRow = RowOf<typeof tokens.columns>

const { hash: _, forgetAt: __, ...shown } = tokens.columns
/** A token as its owner sees it: nobody sees more. */
export type Token = RowOf<typeof shown>

const usedColumns = {
  id: tokens.id,
  accountId: tokens.accountId,
  accountName: accounts.name,
  email: accounts.email,
  scope: tokens.scope,
  expiresAt: tokens.expiresAt,
  revokedAt: tokens.revokedAt,
  lastUsedAt: tokens.lastUsedAt
}
export type UsedToken = RowOf<typeof usedColumns>

export type TokenStore = ReturnType<typeof tokenStore>

/** `tokens`: what programs act with, under a hash of each. */
export function tokenStore(dialect: Dialect) {
  const ofAccount = sql`${tokens.accountId} = ${given.number('accountId')}`
  const here = sql`${tokens.id} = ${given.text('id')}`
  const now = given.number('now')

  // On every request of a program; it brings the account along.
  const byHash = reading(
    dialect,
    select(
      usedColumns,
      sql`from ${tokens} join ${accounts} on ${accounts.id} = ${tokens.accountId} where ${tokens.hash} = ${given.text('hash')}`
    )
  )
  const live = reading(
    dialect,
    select(
      shown,
      sql`from ${tokens} where ${ofAccount} and ${tokens.revokedAt} is null
        and (${tokens.expiresAt} is null or ${tokens.expiresAt} > ${now}) order by ${tokens.createdAt} desc, ${tokens.id} limit ${given.number('limit')}`
    )
  )
  const add = dialect.compile(
    insert(tokens, [
      'id',
      'accountId',
      'hash',
      'name',
      'scope',
      'createdAt',
      'expiresAt',
      'revokedAt',
      'lastUsedAt',
      'forgetAt'
    ])
  )
  const replaceUnused = dialect.compile(
    sql`update ${tokens} set ${tokens.hash} = ${given.text('hash')} where ${here} and ${ofAccount}
      and ${tokens.name} = ${given.text('name')} and ${tokens.scope} = ${given.text('scope')}
      and ${tokens.lastUsedAt} is null and ${tokens.revokedAt} is null and ${tokens.createdAt} > ${given.number('since')}`
  )
  const revoke = dialect.compile(
    sql`update ${tokens} set ${tokens.revokedAt} = ${now}, ${tokens.forgetAt} = ${given.number('forgetAt')}
      where ${here} and ${ofAccount} and ${tokens.revokedAt} is null`
  )
  const touch = dialect.compile(
    sql`update ${tokens} set ${tokens.lastUsedAt} = ${now} where ${here}
      and (${tokens.lastUsedAt} is null or ${tokens.lastUsedAt} < ${given.number('before')})`
  )

  return {
    /** Also one that no longer counts, with the reason. */
    async findByHash(db: Db, hash: string): Promise<UsedToken | undefined> {
      const [token] = await db.all(byHash, { hash })
      return token
    },

    /** Those that count, the newest first. */
    listLive: (db: Db, accountId: number, now: number, limit: number): Promise<Token[]> =>
      db.all(live, { accountId, now, limit }),

    /** @throws an error with verdict `duplicate` when its id is there */
    async add(db: Db, token: TokenRow): Promise<void> {
      await db.write(add, token)
    },

    /** Another secret for a token made since then that nobody has used; whether there was such a one. */
    replaceUnused: async (
      db: Db,
      token: Pick<TokenRow, 'id' | 'accountId' | 'hash' | 'name' | 'scope'>,
      since: number
    ): Promise<boolean> => (await db.write(replaceUnused, { ...token, since })) > 0,

    /** Whether it was there and counted. */
    revoke: async (db: Db, accountId: number, id: string, now: number, forgetAt: number): Promise<boolean> =>
      (await db.write(revoke, { accountId, id, now, forgetAt })) > 0,

    /** Unless it was used since `before`. */
    async touch(db: Db, id: string, now: number, before: number): Promise<void> {
      await db.write(touch, { id, now, before })
    }
  }
}
