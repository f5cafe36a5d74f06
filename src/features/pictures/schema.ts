/** Pictures that an item may have, and those of an account, with the ones that were removed within a month. */
export const MAX_OF_ITEM = 3
export const MAX_OF_ACCOUNT = 500
/** As it is sent. */
export const MAX_SENT_MB = 8

/** The hashes in an item's `pictures`. */
export const hashesIn = (pictures: string | null | undefined): string[] =>
  pictures ? pictures.split(' ').filter(isHash) : []

/** What an item's `pictures` hold of these. */
export const joined = (hashes: readonly string[]): string | null => (hashes.length > 0 ? hashes.join(' ') : null)

export const isHash = (text: unknown): text is string => typeof text === 'string' && /^[0-9a-f]{64}$/.test(text)
