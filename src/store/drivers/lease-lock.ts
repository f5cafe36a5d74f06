import { randomBytes } from 'node:crypto'
import { Refusal } from '../../errors.ts'
import type { RunStatement } from '../dialect.ts'
import type { Verdict } from '../failures.ts'
import { type Clock, realClock } from '../pool/clock.ts'

const LEASE_MS = 15_000
const RENEW_MS = 4000
const POLL_MS = 150
const SAY_AFTER_MS = 1000
const GIVE_UP_MS = 10 * 60_000

/**
 * Runs `work` while holding a row that only one may hold, on every node of a Galera cluster: there GET_LOCK is local to
 * a node, but two inserts of one key collide at certification. A holder that dies is outlived by its lease. Should a
 * lease run out under a holder that is merely slow, the migrations' statements are written so that two may run them.
 * @param say is told once what it waits for, when that takes longer than a second
 * @throws Refusal when the lock was not free within ten minutes
 */
export async function leaseLock<R>(
  run: RunStatement,
  verdict: (error: unknown) => Verdict,
  say: (line: string) => void,
  work: () => Promise<R>,
  clock: Clock = realClock
): Promise<R> {
  const holder = randomBytes(12).toString('base64url')
  await run(
    'create table if not exists schema_lock (id int not null primary key, holder varchar(16) not null, expires_at bigint not null) engine = InnoDB'
  )
  await take(run, verdict, say, holder, clock)
  const renewLater = () =>
    clock.after(RENEW_MS, () => {
      renewal = renewLater()
      run('update schema_lock set expires_at = ? where id = 1 and holder = ?', [Date.now() + LEASE_MS, holder]).catch(
        () => {} // the lease then runs out, which is what a lost connection must lead to
      )
    })
  let renewal = renewLater()
  try {
    return await work()
  } finally {
    renewal.cancel()
    await run('delete from schema_lock where id = 1 and holder = ?', [holder]).catch(() => {})
  }
}

/**
 * A lease is over when it was not renewed while this process watched: what its time says by the holder's clock, which may
 * be ahead, or was, does not count.
 */
async function take(
  run: RunStatement,
  verdict: (error: unknown) => Verdict,
  say: (line: string) => void,
  holder: string,
  clock: Clock
): Promise<void> {
  const startedAt = clock.now()
  let seen = ''
  let seenAt = startedAt
  let hasSaid = false
  while (clock.now() < startedAt + GIVE_UP_MS) {
    try {
      await run('insert into schema_lock (id, holder, expires_at) values (1, ?, ?)', [holder, Date.now() + LEASE_MS])
      return
    } catch (error) {
      if (!['duplicate', 'again'].includes(verdict(error))) throw error
    }
    const [lease] = await run('select holder, expires_at from schema_lock where id = 1')
    const now = clock.now()
    if (String(lease) !== seen) {
      seen = String(lease)
      seenAt = now
    } else if (lease && now > seenAt + LEASE_MS) {
      await run('delete from schema_lock where id = 1 and holder = ? and expires_at = ?', lease).catch(error => {
        if (verdict(error) !== 'again') throw error
      })
      continue
    }
    if (!hasSaid && now > startedAt + SAY_AFTER_MS) {
      hasSaid = true
      say(
        `waiting for another migration (schema_lock): this one begins when that ends, or ${LEASE_MS / 1000} s after its last sign of life`
      )
    }
    await new Promise<void>(resolve => clock.after(POLL_MS, resolve))
  }
  throw new Refusal('another migration has been running for ten minutes: try again when it has ended')
}
