import { emailKey, fitsKey } from '../../login-key.ts'
import type { Dialect, RunStatement } from '../dialect.ts'

const PAGE = 5000
const BATCH = 200

export interface Adoption {
  /** Accounts that can log in now and could not before, as their rows came from elsewhere (the guide's INSERTs). */
  adopted: number
  /** Accounts whose key was made by other rules, or from another e-mail than the row has now. */
  renewed: number
  /** Ids, the lowest first, of accounts that cannot log in: an older one has their e-mail, or they have none. */
  keyless: number[]
}

interface Wish {
  id: number
  /** The key it has. */
  key: string | null
  wanted: string
}

/**
 * Gives each account the login key that its e-mail makes, compared here and not in the database, whose `lower` and
 * collations have rules of their own. Of several with one key the one that has it keeps it, or else the oldest gets it, as
 * in the guide's application, where the first row with that e-mail is who logs in.
 */
export async function adoptAccounts({ engine, verdict }: Dialect, run: RunStatement): Promise<Adoption> {
  const place = (n: number) => (engine === 'postgres' ? `$${n}` : '?')
  const places = (count: number) => Array.from({ length: count }, (_, i) => place(i + 1)).join(', ')
  const set = (batch: Wish[]) =>
    run(
      `update clientes set email_key = case id_cliente ${batch
        .map((_, i) => `when ${place(2 * i + 1)} then ${place(2 * i + 2)}`)
        .join(' ')} else email_key end where id_cliente in (${batch.map(({ id }) => id).join(', ')})`,
      batch.flatMap(({ id, wanted }) => [id, wanted])
    )

  const { wishes, keyless } = await findWishes(run)
  const adoption: Adoption = { adopted: 0, renewed: 0, keyless }
  // Nobody signs up meanwhile: there an error ends the whole transaction.
  if (engine === 'postgres' && wishes.length > 0) await run('lock table clientes in share row exclusive mode')
  const given = new Set<string>()
  for (let start = 0; start < wishes.length; start += BATCH) {
    const batch = wishes.slice(start, start + BATCH)
    const taken = await run(
      `select email_key from clientes where email_key in (${places(batch.length)})`,
      batch.map(({ wanted }) => wanted)
    )
    for (const [key] of taken) given.add(String(key))
    const granted = batch.filter(({ wanted }) => !given.has(wanted) && given.add(wanted))
    const failed = new Set<Wish>()
    if (granted.length > 0) {
      try {
        await set(granted)
      } catch (error) {
        if (verdict(error) !== 'duplicate' || engine === 'postgres') throw error
        for (const wish of granted) {
          await set([wish]).catch(cause => {
            if (verdict(cause) !== 'duplicate') throw cause
            failed.add(wish)
          })
        }
      }
    }
    for (const wish of batch) {
      const hasIt = granted.includes(wish) && !failed.has(wish)
      if (hasIt && wish.key === null) adoption.adopted++
      else if (hasIt) adoption.renewed++
      else if (wish.key === null) keyless.push(wish.id)
    }
  }
  keyless.sort((a, b) => a - b)
  return adoption
}

/** Every account whose key is not what its e-mail makes, the oldest first; and those without an e-mail to make one of. */
async function findWishes(run: RunStatement): Promise<{ wishes: Wish[]; keyless: number[] }> {
  const wishes: Wish[] = []
  const keyless: number[] = []
  let after = -MAX_SAFE
  while (true) {
    const rows = await run(
      `select id_cliente, email, email_key from clientes where id_cliente > ${after} order by id_cliente limit ${PAGE}`
    )
    for (const [rawId, email, rawKey] of rows) {
      const id = Number(rawId)
      const key = rawKey === null ? null : String(rawKey)
      const wanted = emailKey(String(email ?? ''))
      if (wanted === key) continue
      if (fitsKey(wanted)) wishes.push({ id, key, wanted })
      else if (key === null) keyless.push(id)
    }
    if (rows.length < PAGE) return { wishes, keyless }
    after = Number(rows.at(-1)?.[0])
  }
}

/** Below any id: imports may have brought ids below 1. */
const MAX_SAFE = 2_147_483_648
