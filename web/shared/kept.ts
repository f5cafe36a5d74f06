// What was tapped and has no answer yet, in this tab: a page that goes, to a login above all, takes none of it along. Each
// account has its own, so that whoever signs in here next sends nothing of it.

import { accountOfPage } from './account.ts'

export interface KeptWrite {
  url: string
  /** With its key. */
  text: string
  /** When it was tapped, by this device's clock. */
  at: number
}

/**
 * As long as somebody may take to log in again. It says how a thing is to be, and what others did meanwhile would be undone by
 * it: who took the tab up again the next day would tick off the next week's milk.
 */
const KEPT_MS = 30 * 60_000

export const isTooOld = ({ at }: KeptWrite): boolean => Math.abs(Date.now() - at) > KEPT_MS

const PREFIX = 'carrinho-kept-'
const nameOfStore = (): string => PREFIX + accountOfPage()

/**
 * Of each account, the oldest first. The page has them, and the storage for the next one: a log-out, in another tab, too,
 * empties that for everybody (`Clear-Site-Data`).
 */
const stores = new Map<string, KeptWrite[]>()

function readStores(): void {
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(PREFIX)) stores.set(name, parse(sessionStorage.getItem(name)))
    }
  } catch {
    // Storage is off.
  }
}

function parse(text: string | null): KeptWrite[] {
  try {
    // Another release may have written it.
    const kept = JSON.parse(text ?? '[]') as Partial<KeptWrite>[]
    return kept.filter(
      (one): one is KeptWrite =>
        typeof one?.url === 'string' && typeof one.text === 'string' && typeof one.at === 'number'
    )
  } catch {
    return []
  }
}

/** False: storage is full, or off, and what has no answer is lost with the page. */
function save(name: string): boolean {
  const writes = stores.get(name) ?? []
  try {
    if (writes.length > 0) sessionStorage.setItem(name, JSON.stringify(writes))
    else sessionStorage.removeItem(name)
    return true
  } catch {
    return false
  }
}

readStores()
addEventListener('pagehide', () => stores.forEach((_, name) => void save(name)))
// What pages did that came after this one.
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return
  stores.clear()
  readStores()
})

export const keptWrites = (): readonly KeptWrite[] => stores.get(nameOfStore()) ?? []

/** Whether something of anybody is kept in this tab. */
export const isAnythingKept = (): boolean => Array.from(stores.values()).some(writes => writes.length > 0)

function put(writes: KeptWrite[]): boolean {
  stores.set(nameOfStore(), writes)
  return save(nameOfStore())
}

export const keep = (write: KeptWrite): boolean => accountOfPage() !== '' && put([...keptWrites(), write])

export const letGo = (text: string): boolean => put(keptWrites().filter(kept => kept.text !== text))
