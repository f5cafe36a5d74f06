import { withoutUnseen } from '../../../text.ts'

/** What stands before an item, or after one that is ticked off, where it was copied from: bullets, boxes, numbers, strokes. */

const numbered = /^(\d{1,3})[.)]\s+(?=\S)/
const BULLET = String.raw`(?:[-*+·–—](?=\s|$)|[•‣⁃◦∙▪▫●]\uFE0F?|o(?=\t))\s*`
const OPEN = String.raw`(?:\[\s*\]|\(\s+\))(?=\s|$)|[☐□▢◻⬜❏❑❒◯○🔲]`
const TICKED = String.raw`(?:\[\s*[xX✓✔☑✅]\uFE0F?\s*\]|\([xX✓✔]\uFE0F?\))(?=\s|$)|[☑☒✅✔✓🗹🗸]`
export const box = new RegExp(`^(?:${OPEN}|${TICKED})`, 'u')
const marks = new RegExp(String.raw`^(?:${BULLET})?(?:(?:${OPEN}|(${TICKED}))[\uFE0E\uFE0F]?\s*)?`, 'u')
const TICK_AFTER = String.raw`[☑✅✔✓🗹🗸][\uFE0E\uFE0F]?`
const tickAfter = new RegExp(String.raw`(?:\s+${TICK_AFTER})+$`, 'u')
export const tickAlone = new RegExp(String.raw`^(?:${TICK_AFTER}\s*)+$`, 'u')
const struck = /^~~?([^~]+)~~?$/
export const onlyMarks = new RegExp(`${marks.source}$`, 'u')

/** A line without what other programs put before an item, or after one that is ticked off. */
export function unmarked(content: string): { text: string; done: boolean } {
  const [before = '', tick] = marks.exec(content) ?? []
  const after = tickAfter.exec(content)
  const text = withoutUnseen(content.slice(before.length, after ? after.index : undefined)).trim()
  const [, crossedOut] = struck.exec(text) ?? []
  const done = Boolean(tick ?? after ?? crossedOut)
  return { text: crossedOut === undefined ? text : withoutUnseen(crossedOut).trim(), done }
}

/** As one of a numbered list may begin. */
export const looksNumbered = (text: string): boolean => numbered.test(text)

/** Lines that count 1, 2, 3 …, or begin again with 1 under another heading. */
export function areNumbered(lines: readonly string[]): boolean {
  let last = 0
  return (
    lines.length > 1 &&
    lines.every(line => {
      const number = Number(numbered.exec(line)?.[1] ?? Number.NaN)
      const follows = number === last + 1 || number === 1
      last = number
      return follows
    })
  )
}

/** A line without the number that counts it. */
export const withoutNumber = (text: string): string => text.replace(numbered, '')
