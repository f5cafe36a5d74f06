// What was tapped and has no answer yet, in this tab: a page that goes, to a login above all, takes none of it along. Each
// account has its own, so that whoever signs in here next sends nothing of it.

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

/** Whose page this is. */
export const accountOfPage = (): string => document.body.dataset.account ?? ''

const nameOfStore = (): string => `carrinho-kept-${accountOfPage()}`

/** The oldest first. */
export function keptWrites(): KeptWrite[] {
  try {
    // Another release may have written it.
    const kept = JSON.parse(sessionStorage.getItem(nameOfStore()) ?? '[]') as Partial<KeptWrite>[]
    return kept.filter(
      (one): one is KeptWrite =>
        typeof one?.url === 'string' && typeof one.text === 'string' && typeof one.at === 'number'
    )
  } catch {
    return []
  }
}

/** False: storage is full, or off, and what has no answer is lost with the page. */
function store(writes: KeptWrite[]): boolean {
  try {
    if (writes.length > 0) sessionStorage.setItem(nameOfStore(), JSON.stringify(writes))
    else sessionStorage.removeItem(nameOfStore())
    return true
  } catch {
    return false
  }
}

export const keep = (write: KeptWrite): boolean => accountOfPage() !== '' && store([...keptWrites(), write])

export const letGo = (text: string): boolean => store(keptWrites().filter(kept => kept.text !== text))
