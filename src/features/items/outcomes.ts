import { digest, newKey } from '../../keys.ts'
import type { Asked, Made, Outcome } from '../../store/changes.ts'
import type { Detail, ItemChange } from '../../store/detail.ts'
import type { ItemRef } from '../../store/steps.ts'

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

const namesIn = ({ items }: Detail): Set<ItemRef | null | undefined> =>
  new Set(items.flatMap(({ id, before, after }) => [id, before?.uid ?? after?.uid]))

/** Those of `refs` that a change found. */
export function foundOf<R extends ItemRef>(refs: readonly R[], detail: Detail): R[] {
  const found = namesIn(detail)
  return refs.filter(ref => found.has(ref))
}

/** Those of `refs` that a change did not find. */
export function missingOf<R extends ItemRef>(refs: readonly R[], detail: Detail): R[] {
  const found = namesIn(detail)
  return refs.filter(ref => !found.has(ref))
}

/** The one item that a change is about. */
export const idIn = ({ detail }: Made): number => (detail.items[0] as ItemChange).id

/** An outcome in the words of a rule. */
export function told<R extends { status: string }, More>(
  outcome: Outcome<R>,
  more: (made: Made) => More
): Done<More> | Refused | R {
  if (!('detail' in outcome)) return outcome
  const { status, listId, version } = outcome as { status: 'done' | 'already' } & Made
  return { status, listId, version, ...more(outcome as Made) }
}
