import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunStatement } from './dialect.ts'
import type { Verdict } from './failures.ts'

const LEASE_MS = 15_000
const RENEW_MS = 4000
const POLL_MS = 150
const GIVE_UP_MS = 10 * 60_000

/**
 * Runs `work` while holding a row that only one may hold, on every node of a Galera cluster: there GET_LOCK is local to
 * a node, but two inserts of one key collide at certification. A holder that dies is outlived by its lease. Should a
 * lease run out under a holder that is merely slow, the migrations' statements are written so that two may run them.
 * @throws Error when the lock was not free within ten minutes
 */
export async function leaseLock<R>(
  run: RunStatement,
  verdict: (error: unknown) => Verdict,
  work: () => Promise<R>
): Promise<R> {
  const holder = randomBytes(12).toString('base64url')
  await run(
    'create table if not exists schema_lock (id int not null primary key, holder varchar(16) not null, expires_at bigint not null) engine = InnoDB'
  )
  await take(run, verdict, holder)
  const renewal = setInterval(() => {
    run('update schema_lock set expires_at = ? where id = 1 and holder = ?', [Date.now() + LEASE_MS, holder]).catch(
      () => {} // the lease then runs out, which is what a lost connection must lead to
    )
  }, RENEW_MS)
  try {
    return await work()
  } finally {
    clearInterval(renewal)
    await run('delete from schema_lock where id = 1 and holder = ?', [holder]).catch(() => {})
  }
}

async function take(run: RunStatement, verdict: (error: unknown) => Verdict, holder: string): Promise<void> {
  const giveUpAt = Date.now() + GIVE_UP_MS
  while (Date.now() < giveUpAt) {
    try {
      await run('delete from schema_lock where id = 1 and expires_at < ?', [Date.now()])
      await run('insert into schema_lock (id, holder, expires_at) values (1, ?, ?)', [holder, Date.now() + LEASE_MS])
      return
    } catch (error) {
      if (!['duplicate', 'again'].includes(verdict(error))) throw error
      await sleep(POLL_MS)
    }
  }
  throw new Error('another migration has been running for ten minutes')
}
