import type { Store } from '../../open-store.ts'
import { quantityIn } from '../../store/change.ts'
import type { Work } from '../../store/work.ts'
import { fold } from '../../text-fold.ts'
import type { ItemRow, ListRow } from './queries.ts'

/** Items that are shown; whoever has more writes more. */
export const MAX_FOUND = 100
/** Items that are looked through, the newest ones, and how many at a time. */
const MAX_READ = 50_000
const PART = 2000

export interface Found extends Omit<ItemRow, 'listId' | 'quantity' | 'thousandths'> {
  thousandths: number
  list: Pick<ListRow, 'name' | 'putAwayAt'> & { id: number | 'first' }
}

export interface SearchResult {
  found: Found[]
  /** There are others, which are not shown. */
  more: boolean
}

const FIRST = { id: 'first', name: '', putAwayAt: null } as const

export type Search = ReturnType<typeof searchRules>

export function searchRules({ search }: Store) {
  return {
    /**
     * Items with all the words of a query in their name, shop or note, whatever their accents and capitals, on all lists of
     * an account. Compared here: each database has other rules for what is the same letter, and wildcards of its own.
     */
    async find(work: Work, accountId: number, query: string): Promise<SearchResult> {
      const words = fold(query).split(' ').filter(Boolean)
      if (words.length === 0) return { found: [], more: false }
      const rows = await search.lists(work, accountId)
      const first = rows.find(({ firstOf }) => firstOf !== null)
      const lists = new Map<number, Found['list']>([
        [0, { ...FIRST, name: first?.name ?? '' }],
        ...rows.filter(({ firstOf }) => firstOf === null).map(list => [list.id, list] as const)
      ])

      const found: Found[] = []
      let before: number | undefined
      for (let read = 0; read < MAX_READ; read += PART) {
        const part = await search.items(work, accountId, before, PART)
        for (const { listId, quantity, thousandths, ...item } of part) {
          const list = lists.get(listId)
          if (!list || !hasAll(words, item)) continue
          if (found.length === MAX_FOUND) return { found, more: true }
          found.push({ ...item, thousandths: quantityIn({ quantity, thousandths }), list })
        }
        if (part.length < PART) return { found, more: false }
        before = part.at(-1)?.id
      }
      return { found, more: true }
    }
  }
}

function hasAll(words: readonly string[], { type, shop, note }: Pick<ItemRow, 'type' | 'shop' | 'note'>): boolean {
  const text = [type, shop, note].map(fold).join('\n')
  return words.every(word => text.includes(word))
}
