// What was tapped and has no answer yet, in this tab: a page that goes, to a login above all, takes none of it along. Each
// account has its own, so that whoever signs in here next sends nothing of it.

export interface KeptWrite {
  url: string
  /** With its key. */
  text: string
}

/** Whose page this is. */
export const accountOfPage = (): string => document.body.dataset.account ?? ''

const nameOfStore = (): string => `carrinho-kept-${accountOfPage()}`

/** The oldest first. */
export function keptWrites(): KeptWrite[] {
  try {
    return JSON.parse(sessionStorage.getItem(nameOfStore()) ?? '[]') as KeptWrite[]
  } catch {
    return []
  }
}

function store(writes: KeptWrite[]): void {
  try {
    if (writes.length > 0) sessionStorage.setItem(nameOfStore(), JSON.stringify(writes))
    else sessionStorage.removeItem(nameOfStore())
  } catch {
    // Without storage, what has no answer is lost with the page.
  }
}

export function keep(write: KeptWrite): void {
  if (accountOfPage()) store([...keptWrites(), write])
}

export const letGo = (text: string): void => store(keptWrites().filter(kept => kept.text !== text))
