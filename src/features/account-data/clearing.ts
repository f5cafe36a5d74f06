import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../open-store.ts'
import { type Belonging, ofAccount, ofList, traces } from '../../store/tables.ts'
import type { Db, Work } from '../../store/work.ts'

/** Rows taken away at a time: nobody else waits long for them, and a cluster hands them on in one piece. */
const BATCH = 1000
const LISTS = 100
const TRIES = 5
const PAUSE_MS = 500

/** At once, in the transaction that closes the account: nothing lets anybody in afterwards. */
export async function closeDoors({ belongings }: Store, db: Db, accountId: number): Promise<void> {
  for (const one of ofAccount) if (one.opens) await belongings.removeAll(db, one, accountId)
}

/**
 * Takes away all that an account has, piece by piece: each may be repeated, by another server too, and `work` gives the work
 * for the next one. Where that says undefined, the rest is left to who comes after.
 */
export async function clear(
  { belongings }: Pick<Store, 'belongings'>,
  accountId: number,
  nextWork: () => Work | undefined,
  keep: readonly string[] = []
): Promise<'cleared' | 'interrupted'> {
  const clearOne = async (one: Belonging, owner: number): Promise<boolean> => {
    while (true) {
      const work = nextWork()
      if (!work) return false
      if ((await work.repeatable(() => belongings.removeSome(work, one, owner, BATCH))) === 'none') return true
    }
  }

  const lists = ofAccount.find(({ name }) => name === 'lists')
  if (!lists) throw new Error('accounts have lists')
  for (let after: number | undefined; ; ) {
    const work = nextWork()
    if (!work) return 'interrupted'
    const { rows, last } = await belongings.read(work, lists, accountId, after, LISTS)
    for (const { id } of rows) {
      for (const one of ofList) if (!(await clearOne(one, Number(id)))) return 'interrupted'
    }
    if (rows.length < LISTS) break
    after = Number(last)
  }
  // A change holds its list's row until it is written down, and there is none once the list is gone: changes go after lists.
  const others = ofAccount.filter(one => one !== lists)
  for (const one of [lists, ...traces, ...others].filter(({ name }) => !keep.includes(name))) {
    if (!(await clearOne(one, accountId))) return 'interrupted'
  }
  return 'cleared'
}

/** Takes away what an account that was closed has, and then its row. */
async function clearAway(store: Store, accountId: number, nextWork: () => Work | undefined): Promise<boolean> {
  // Twice: a request that was at it when the account was closed may have begun another list, or remembered a name.
  for (let pass = 0; pass < 2; pass++) {
    if ((await clear(store, accountId, nextWork)) === 'interrupted') return false
  }
  const work = nextWork()
  if (!work) return false
  await work.repeatable(() => store.accounts.removeLeaving(work, accountId))
  return true
}

/** As far as that goes within `limitMs`. True when all of it is gone. */
export async function clearWithin(store: Store, work: Work, accountId: number, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs
  try {
    return await clearAway(store, accountId, () => (performance.now() < until ? work : undefined))
  } catch {
    // It is closed, and that is what was promised. Whatever it was, the next try meets it again, and says so.
    return false
  }
}

/** For as long as it takes. @throws what the last of its tries met */
export async function clearInBackground(store: Store, accountId: number): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      await clearAway(store, accountId, () => store.beginJob('deleting an account'))
      return
    } catch (error) {
      // One who added something while the account was being closed.
      if (tried === TRIES) throw error
      await sleep(PAUSE_MS * tried)
    }
  }
}

/** Goes on where a server that was deleting an account died. */
export async function finishDeletions(store: Store): Promise<void> {
  const leaving = await store.accounts.findLeaving(store.beginJob('deleting accounts'))
  for (const accountId of leaving) await clearInBackground(store, accountId)
}
