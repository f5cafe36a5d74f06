import { randomBytes } from 'node:crypto'
import type { Work } from '../../store/work.ts'
import type { SessionStore } from './queries.ts'

/** Nobody has it. */
const NOBODY = 0
/** Some 30 KB: more than the page that any database has left half empty. */
const ROWS = 64

/**
 * Writes something, and takes it away again, to see whether there is room. Sessions that ended in 1970: nobody is signed in
 * by them, and should this end halfway they are pruned like any others. Tried once.
 * @throws an error with verdict `full` when there is no room
 */
export async function tryStorage(sessions: SessionStore, work: Work): Promise<void> {
  const mark = randomBytes(12).toString('base64url')
  await work.transaction(async tx => {
    for (let row = 0; row < ROWS; row++) {
      await sessions.add(tx, {
        idHash: `trial-${mark}-${row}`,
        accountId: NOBODY,
        createdAt: 0,
        lastSeenAt: 0,
        expiresAt: 0,
        madeOn: 'storage trial',
        userAgent: '-'.repeat(255),
        address: '-'.repeat(64)
      })
    }
  })
  await work.repeatable(() => sessions.removeAll(work, NOBODY))
}
