import { Problem } from './problem.ts'

/**
 * The name of a member that an object of a JSON text has twice, with where it is; undefined when there is none. The text
 * has been parsed before: it is JSON. No parser of Node 20 tells, and which of the two was meant cannot be known.
 */
export function findDuplicate(text: string): { field: string; pointer: string } | undefined {
  /** The objects and arrays that are open: the names so far, or how many elements. */
  const open: { names: Set<string> | undefined; at: string | number }[] = []
  let before = ''
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    const inner = open.at(-1)
    if (token === '{') open.push({ names: new Set(), at: '' })
    else if (token === '[') open.push({ names: undefined, at: 0 })
    else if (token === '}' || token === ']') open.pop()
    else if (token === ',' && typeof inner?.at === 'number') inner.at++
    else if (token === ':' && inner?.names) {
      const field = JSON.parse(before) as string
      inner.at = field
      if (inner.names.has(field)) return { field, pointer: open.map(({ at }) => `/${escapePointer(at)}`).join('') }
      inner.names.add(field)
    }
    before = token
  }
  return undefined
}

const escapePointer = (at: string | number) => String(at).replaceAll('~', '~0').replaceAll('/', '~1')

/** @throws Problem invalid */
export function refuseDuplicates(text: string): void {
  const twice = findDuplicate(text)
  if (twice)
    throw new Problem('invalid', { fields: [{ ...twice, in: 'body', error: { key: 'problem.field.duplicate' } }] })
}
