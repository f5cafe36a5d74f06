import { digest, newKey } from '../../keys.ts'
import type { Asked, Made, Outcome } from '../../store/changes.ts'
import type { Detail } from '../../store/detail.ts'

/** A key as the browser makes it fits its column; of any other the digest does. */
const storedKey = (operation: string): string => (/^[\w-]{1,42}$/.test(operation) ? operation : digest(operation))

/** What a change is asked for with: its key, a new one where there is none, and a digest of all else. */
export const askedBy = (accountId: number, key: string | undefined, ...all: (string | number)[]): Asked => ({
  accountId,
  key: storedKey(key ?? newKey()),
  digest: digest(...all),
  at: Date.now()
})

/** Done, by this request or an earlier one; `version` names the change, to take it back. */
export type Done<More = object> = { status: 'done' | 'already'; listId: number; version: number } & More
/** Nothing was done, and the key is free. */
export type Refused = { status: 'reused' } | { status: 'noList' }

/** Those of `ids` that a change did not find. */
export const missingOf = (ids: readonly number[], { items }: Detail): number[] => {
  const found = new Set(items.map(({ id }) => id))
  return ids.filter(id => !found.has(id))
}

/** An outcome in the words of a rule. */
export function told<R extends { status: string }, More>(
  outcome: Outcome<R>,
  more: (made: Made) => More
): Done<More> | Refused | R {
  if (!('detail' in outcome)) return outcome
  const { status, listId, version } = outcome as { status: 'done' | 'already' } & Made
  return { status, listId, version, ...more(outcome as Made) }
}
