// What a writer was told, against what the list holds. No page and no network in here, so that tests load it too.

/** As `GET /carrinho/` tells programs. */
export interface Row {
  id: number
  tipo: string
}

/** A write, with what is sent: the same each time. */
export interface Write {
  kind: 'add' | 'remove'
  item: string
  tries: number
  fields: Record<string, string>
}

/** Plain data, so that it outlives a reload. Items are named `{mark} 1`, `{mark} 2`, … */
export interface Book {
  mark: string
  next: number
  added: string[]
  removed: string[]
  /** The write that was begun and is not acknowledged; sent again, the same, until it is. */
  pending: Write | null
  totals: { added: number; removed: number }
  /** Missed by the last comparison. */
  missing: string[]
  /** Missed by one comparison and there in the next: the list was read from a node that lagged behind. */
  staleReads: number
}

export interface Result {
  acknowledged: number
  present: number
  lost: string[]
  duplicated: string[]
  resurrected: string[]
  inDoubt: number
  verdict: 'good' | 'bad' | 'nothing'
}

/** Beside the words, so that no verdict is a colour alone. */
export const signs = { good: '✓', bad: '✕', nothing: '–', unread: '…' } as const

/** In figures, as the text of a comparison has them. */
export const compared = ({ acknowledged, present, lost, duplicated }: Result) => ({
  acknowledged,
  present,
  lost: lost.length,
  twice: duplicated.length
})

/**
 * Compares item names that were acknowledged, each written once, with the rows of a list. What is `inDoubt`, sent and not
 * yet answered, may be there or not, but not twice. `acknowledged` are those that have to be there: added, not removed
 * and not in doubt. A comparison in which nothing had to be there proves nothing, unless something is wrong.
 */
export function compare(
  acknowledgedAdds: string[],
  acknowledgedRemoves: string[],
  inDoubt: string[],
  listRows: Row[]
): Result {
  const counts = new Map<string, number>()
  for (const { tipo } of listRows) counts.set(tipo, (counts.get(tipo) ?? 0) + 1)
  const added = new Set(acknowledgedAdds)
  const removed = new Set(acknowledgedRemoves)
  const doubtful = new Set(inDoubt)

  const expected = [...added].filter(name => !removed.has(name) && !doubtful.has(name))
  const lost = expected.filter(name => !counts.has(name))
  const duplicated = [...counts].filter(([, count]) => count > 1).map(([name]) => name)
  const resurrected = [...counts.keys()].filter(name => removed.has(name) || (!added.has(name) && !doubtful.has(name)))
  const present = expected.length - lost.length
  const isBad = lost.length + duplicated.length + resurrected.length > 0
  return {
    acknowledged: expected.length,
    present,
    lost,
    duplicated,
    resurrected,
    inDoubt: doubtful.size,
    verdict: isBad ? 'bad' : present > 0 ? 'good' : 'nothing'
  }
}

/** The list is kept about this long. */
const enough = 24

export const newBook = (mark: string): Book => ({
  mark,
  next: 1,
  added: [],
  removed: [],
  pending: null,
  totals: { added: 0, removed: 0 },
  missing: [],
  staleReads: 0
})

/** Other rows are other people's, say, the presenter's own. */
const isOurs = (book: Book, { tipo }: Row): boolean => tipo.startsWith(`${book.mark} `)

/** Compares, and forgets what is settled, so that the book stays small. */
export function checkBook(book: Book, listRows: Row[]): Result {
  const rows = listRows.filter(row => isOurs(book, row))
  const { pending } = book
  const result = compare(book.added, book.removed, pending?.tries ? [pending.item] : [], rows)

  const there = new Set(rows.map(row => row.tipo))
  book.staleReads += book.missing.filter(name => there.has(name)).length
  book.missing = result.lost
  // Should it come back, it is an item that nobody wrote.
  const settled = new Set(book.removed.filter(name => !there.has(name)))
  book.added = book.added.filter(name => !settled.has(name))
  book.removed = book.removed.filter(name => !settled.has(name))
  return result
}

/** The write that was pending was carried out. */
export function acknowledge(book: Book): void {
  if (!book.pending) return
  const { kind, item } = book.pending
  const list = kind === 'add' ? 'added' : 'removed'
  book[list].push(item)
  book.totals[list] += 1
  book.pending = null
}

/** Every third write removes an item, and every second once there are enough. */
export function isRemovalNext({ added, removed, totals }: Book): boolean {
  const written = totals.added + totals.removed
  return added.length - removed.length > 0 && written % (added.length < enough ? 3 : 2) === 0
}

/** What may be removed next, the oldest first: not what should not be there, or removing it would hide that it was. */
export const removableRows = (book: Book, listRows: Row[]): Row[] =>
  listRows
    .filter(({ tipo }) => book.added.includes(tipo) && !book.removed.includes(tipo))
    .sort((one, other) => one.id - other.id)

/** What is left to clean up, whatever it is. */
export const rowsOfBook = (book: Book, listRows: Row[]): Row[] => listRows.filter(row => isOurs(book, row))
