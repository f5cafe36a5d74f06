/**
 * Items as people write or paste them, in any of the three languages. What is not certain is part of the name: a name that
 * lost its number would be wrong in silence. For web servers and browsers alike, the oldest included.
 */

import { type FieldError, fail } from '../../../field-error.ts'
import { hasControl, isLonger, isVisible, withoutUnseen } from '../../../text.ts'
import { fold } from '../../../text-fold.ts'
import { headingOf } from './headings.ts'
import { checkTexts, type Entry, readLine } from './line.ts'
import { areNumbered, onlyMarks, unmarked } from './marks.ts'

export const MAX_LINE = 2000
export const MAX_LINES = 200
export const MAX_NOTE = 500

export interface LineError {
  line: number
  error: FieldError
}

export interface ReadOptions {
  maxLines?: number
  /** Shops that are known: a line may begin with one of them. */
  shops?: readonly string[]
}

export type Entries = { ok: true; entries: Entry[] } | { ok: false; errors: LineError[] }

interface Line {
  content: string
  note: string | undefined
  line: number
}

const noteLine = /^\s+> ?(.*)$/

/** Those that say something. */
const linesOf = (text: string): Line[] =>
  withoutUnseen(text)
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((whole, index) => ({
      content: whole.trim(),
      note: noteLine.exec(whole)?.[1],
      line: index + 1
    }))
    .filter(({ content, note }) => note !== undefined || !onlyMarks.test(content))

/**
 * All items of what was typed or pasted, or what is wrong with which line: then there is none. A line `# Lidl` or `Lidl:` is
 * the shop of those below it, a line that begins with spaces and `>` a note to the one above; bullets, boxes to tick and numbers in
 * front are no part of an item.
 */
export function readEntries(text: string, { maxLines = MAX_LINES, shops: known = [] }: ReadOptions = {}): Entries {
  const knownShops = new Set(known.map(fold))
  const lines = linesOf(text)
  if (lines.length > maxLines) {
    return {
      ok: false,
      errors: [{ line: lines[maxLines]?.line ?? 0, error: { key: 'quick.tooManyLines', params: { max: maxLines } } }]
    }
  }
  const own = lines.filter(({ content, note }) => note === undefined && !headingOf(content))
  const isNumbered = areNumbered(own.map(({ content }) => unmarked(content).text))

  const entries: Entry[] = []
  const errors: LineError[] = []
  let shop = ''
  /** A heading that nothing stands under yet. */
  let open: { line: number; level: number } | undefined
  const onlyShop = (at: number) => errors.push({ line: at, ...fail('quick.onlyShop') })
  for (const { content, note, line } of lines) {
    const refuse = ({ error }: { error: FieldError }) => errors.push({ line, error })
    if (isLonger(content, MAX_LINE)) {
      refuse(fail('field.tooLong', { max: MAX_LINE }))
      continue
    }
    const last = entries[entries.length - 1]
    if (note !== undefined && last) {
      last.note = last.note === '' ? note : `${last.note}\n${note}`
      continue
    }
    const heading = headingOf(content)
    if (heading) {
      const checked = checkTexts({ name: heading.shop || content, shop: '' })
      if (checked.error) refuse(checked)
      if (open && open.level >= heading.level) onlyShop(open.line)
      open = { line, level: heading.level }
      shop = heading.shop
      continue
    }
    open = undefined
    const read = readLine(content, isNumbered, knownShops)
    if (read.error) refuse(read)
    else {
      const { value } = read
      const said = { ...value.said, shop: value.said.shop || shop !== '' }
      entries.push({ ...value, shop: value.shop || shop, said, note: '', line })
    }
  }
  if (open) onlyShop(open.line)
  for (const entry of entries) {
    entry.note = isVisible(entry.note) ? entry.note.trim() : ''
    if (hasControl(entry.note.replace(/\n/g, ''))) errors.push({ line: entry.line, ...fail('field.controlCharacters') })
    else if (isLonger(entry.note, MAX_NOTE))
      errors.push({ line: entry.line, ...fail('field.tooLong', { max: MAX_NOTE }) })
  }
  if (entries.length === 0 && errors.length === 0) errors.push({ line: 1, ...fail('field.required') })
  return errors.length > 0 ? { ok: false, errors } : { ok: true, entries }
}
