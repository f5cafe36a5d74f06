const HALF_LIFE_MS = 30 * 24 * 60 * 60_000
/** Any moment before the first purchase. Numbers last for a thousand half-lives from here: until 2108. */
const EPOCH = Date.UTC(2026, 0, 1)

/**
 * What one purchase adds to a name's score. It doubles every 30 days, rather than all that was there being halved: sums of
 * it keep their order for ever without being touched, and any two of them can be compared.
 */
export const scoreOf = (at: number): number => 2 ** ((at - EPOCH) / HALF_LIFE_MS)
