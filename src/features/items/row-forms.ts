import { parseId } from './schema.ts'

/** What the forms of a list say of its rows. Anything that cannot be meant is undefined. */

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
