/** `fail`: certainly not done. `unknown`: sent, and no answer tells whether it was done. Reads are never unknown. */
export type Outcome = 'ok' | 'fail' | 'unknown'

/** What is asked of a list, under a key. */
export type WriteAction =
  | 'add'
  | 'remove'
  /** `done` is what it is to be: ticked off, or to buy again. */
  | 'tick'
  /** − or +: `delta`, from whatever it is. */
  | 'adjust'
  /** A quantity typed, whatever it was. */
  | 'edit'
  /** All that is ticked off goes. */
  | 'clear'
  /** Takes an earlier write back. */
  | 'undo'

export type Action =
  | WriteAction
  /** The list as JSON, every 20 ms, each on a connection of its own. */
  | 'probe'
  | 'signup'
  | 'login'
  /** The list's HTML page, for its forms. */
  | 'page'
  /** The list as JSON. `items` is what it held. */
  | 'read'
  /** The list as JSON after the workload has ended. */
  | 'final'

/** One request; one line of `history.jsonl`. */
export interface Line {
  /** Unix time in milliseconds at which it was sent. */
  at: number
  /** Until its answer, or until it was given up. */
  ms: number
  /** The customer, or one of its tabs: `c01`, `c01/2`. */
  who: string
  what: Action
  outcome: Outcome
  status?: number
  error?: string
  /** The web server, database node and balancer that the answer names. */
  server?: string
  node?: string
  balancer?: string
  /** The item written: its text, which no other item of the run has. */
  item?: string
  /** The key of the write: repeated attempts of one write share it. */
  operation?: string
  /** 1 for the first try of a request, then counting. */
  attempt?: number
  items?: string[]
  /** Those of `items` that are ticked off. */
  ticked?: string[]
  /** The quantity of each of `items`, in thousandths; only of a final list. */
  quantities?: number[]
  /** What a tick asks for. */
  done?: boolean
  /** What an addition or an edit asks for, in thousandths. */
  quantity?: number
  /** The quantity that was on the page of an edit. */
  seen?: number
  /** What − or + asks for, in thousandths; and what the answer says that the quantity is then. */
  delta?: number
  left?: number
  /** What a clearing asks for; and what the answer says that it took. */
  asked?: string[]
  cleared?: string[]
  /** The `operation` that an undo takes back. */
  undoes?: string
  /** The answer says that the item was not there. */
  missing?: true
  /** The answer, a right one where several write on a list, says that nothing was done: status or code. */
  refused?: string
  /** A page asked for a login although this customer had one. */
  loggedOut?: true
}

const WRITES: ReadonlySet<Action> = new Set<WriteAction>(['add', 'remove', 'tick', 'adjust', 'edit', 'clear', 'undo'])
export const isWrite = (what: Action): what is WriteAction => WRITES.has(what)

/** Whose list a line is about: all tabs of a customer share one. */
export const listOf = (line: Pick<Line, 'who'>): string => line.who.split('/', 1)[0] as string

/** What the runner asks of the workload. */
export interface WorkloadOptions {
  site: string
  /** Distinguishes this run's customers and items from earlier ones'. */
  run: string
  customers: number
  /** Begins the customers' names; each workload of a run has another. */
  prefix: string
  /** Tabs in which each customer shops at the same time, on one list. */
  tabs: number
  probeEveryMs: number
  /** A customer's pause between two actions: this, plus or minus half of it. */
  thinkMs: number
}
