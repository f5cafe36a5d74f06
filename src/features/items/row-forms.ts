import { type AfterLogin, type AnyForm, type RawForm, typed } from '../../fields.ts'
import { digest } from '../../keys.ts'
import { carried } from './look.ts'
import { parseId } from './schema.ts'

/** What the forms of a list say of its rows. Anything that cannot be meant is undefined. */

/** The form around a list's rows, whichever of its buttons is pressed. `boxes`: its boxes were sent, and what is missing is not ticked. */
export const rowForm: AnyForm = {
  fields: {},
  hidden: ['operation', 'boxes', 'seen', 'was', 'step', 'version', 'id', 'loja', 'pagina'],
  repeated: ['done'],
  afterLogin: raw => ({ typed: carried(raw), ...ticksAfterLogin(raw) })
}

/** Whether a page sent it; programs name an item. `seen`: one that an older server made. */
export const isOfPage = ({ boxes, seen }: RawForm): boolean => boxes !== undefined || seen !== undefined

/** A page has one key, and what is done on it is told apart by what it is done to; a program's key stands for its request alone. */
export function keyOf(fields: RawForm, ...what: (string | number)[]): string | undefined {
  const operation = typed(fields, 'operation')
  if (operation === '') return undefined
  return isOfPage(fields) ? digest(operation, ...what) : operation
}

const MOST = 10_000

const listOf = (raw: unknown): unknown[] => (Array.isArray(raw) ? raw : raw === undefined || raw === '' ? [] : [raw])

/** Ids sent once, or several times under one name, or as a list; nothing is no ids. */
export function parseIds(raw: unknown): number[] | undefined {
  const ids = listOf(raw).map(parseId)
  return ids.length <= MOST && ids.every(id => id !== undefined) ? (ids as number[]) : undefined
}

export interface Seen {
  id: number
  version: number
}

/** `7:3,9:1`: the rows that were on the page, and their versions. */
export function parseSeen(raw: unknown): Seen[] | undefined {
  if (raw === undefined || raw === '') return []
  if (typeof raw !== 'string') return undefined
  const parts = raw.split(',')
  if (parts.length > MOST) return undefined
  const seen: Seen[] = []
  for (const part of parts) {
    const [, id, version] = /^([1-9]\d{0,9}):(\d{1,15})$/.exec(part) ?? []
    const known = parseId(id)
    if (known === undefined) return undefined
    seen.push({ id: known, version: Number(version) })
  }
  return seen
}

/**
 * What is to be ticked and unticked. Of a page that is where its boxes differ from what was shown; a request that does not say
 * that boxes were sent unticks what it names, and nothing else.
 */
export function ticksOf(fields: RawForm): { done: number[]; open: number[] } | undefined {
  const checked = parseIds(fields.done)
  const was = parseSeen(fields.was)
  const open = fields.boxes === undefined ? parseIds(fields.open) : []
  if (!checked || !was || !open) return undefined
  const stillTicked = new Set(checked)
  const tickedBefore = new Set(was.map(({ id }) => id))
  return {
    // What may be bought in several shops has a box in each.
    done: [...stillTicked].filter(id => !tickedBefore.has(id)),
    open: fields.boxes === undefined ? open : [...tickedBefore].filter(id => !stillTicked.has(id))
  }
}

/** Below a list's page: what was ticked before a login. */
export const KEPT_PAGE = 'marcados'

/** What was ticked and unticked, and when, for after a login: as short as addresses have to be. */
export function ticksAfterLogin(raw: RawForm): AfterLogin {
  const { done, open } = (raw.boxes !== undefined && ticksOf(raw)) || { done: [], open: [] }
  if (done.length + open.length === 0) return {}
  const query = { marcar: done.join('.'), desmarcar: open.join('.'), desde: String(Date.now()) }
  return { ticks: { path: KEPT_PAGE, query } }
}

/** What `ticksAfterLogin` wrote; undefined for anything else. */
export function keptIn(query: RawForm): { done: number[]; open: number[]; at: number } | undefined {
  const idsIn = (name: string) => parseIds(typed(query, name).split('.').filter(Boolean))
  const [done, open] = [idsIn('marcar'), idsIn('desmarcar')]
  const at = typed(query, 'desde')
  if (!done || !open || done.length + open.length === 0 || !/^\d{1,15}$/.test(at)) return undefined
  return { done, open, at: Number(at) }
}

/** `7:-1000`: an item, and by how many thousandths its quantity changes. */
export function parseStep(raw: unknown): { id: number; delta: number } | undefined {
  const [, id, delta] = /^(\d{1,10}):(-?\d{1,8})$/.exec(typeof raw === 'string' ? raw : '') ?? []
  const known = parseId(id)
  return known === undefined || Number(delta) === 0 ? undefined : { id: known, delta: Number(delta) }
}

/** A change's number. */
export function parseVersion(raw: unknown): number | undefined {
  const text = typeof raw === 'number' ? String(raw) : raw
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
