/** What is known of any text. For web servers and browsers alike, the oldest included. */

export const MAX_TEXT = 140

/** Characters are counted as people see them in a form: code points, as the databases do. */
export const lengthOf = (text: string): number => [...text].length
/** Counts only where that can matter: a text has no more code points than it has units. */
export const isLonger = (text: string, max: number): boolean => text.length > max && lengthOf(text) > max

/** Something to see: not only spaces, marks without a letter and invisible formatting. */
export const isVisible = (text: string): boolean => /[^\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}]/u.test(text)

/** What a line may not hold, as the inside of a character class. */
export const CONTROL = String.raw`\p{Cc}\p{Cs}\u2028\u2029`
const hasControlIn = new RegExp(`[${CONTROL}]`, 'u')
export const hasControl = (text: string): boolean => hasControlIn.test(text)

const directions = /[\u202a-\u202e\u2066-\u2069]/g
/**
 * Without the characters that turn the direction of all text after them. No name needs them: each is shown on its own, by
 * its own letters.
 */
const withoutTurns = (text: string): string => text.replace(directions, '')

/** Of no width, and part of no word: they say where a line may break. */
const widthless = /[\u200b\u2060-\u2064\ufeff]/g
const MARKS = String.raw`\u00ad\u061c\u180e\u200c-\u200f`
const marksBefore = new RegExp(`(^|\\s)[${MARKS}]+`, 'g')
/** What joins letters is part of the last one where that has a sign below or above: words of Malayalam and Sinhala end so. */
const marksAfter = new RegExp(`((?!\\ufe0f)\\p{M}[\\u200c\\u200d])?[${MARKS}]*(?=\\s|$)`, 'gu')
/**
 * Without what comes along unseen when something is pasted: characters that turn directions or have no width, and beside
 * spaces and at the ends the marks that letters need elsewhere, such as U+200D and U+200F.
 */
export const withoutUnseen = (text: string): string =>
  isPlain.test(text)
    ? text
    : withoutTurns(text).replace(widthless, '').replace(marksBefore, '$1').replace(marksAfter, '$1')
const isPlain = /^[\n -~\u00c0-\u017f]*$/

/** Older rows may have such characters: of a name with those that are not ours, none stays. */
const balanced = (text: string): string => {
  let depth = 0
  for (const [mark] of text.matchAll(/[\u2068\u2069]/g)) {
    depth += mark === '\u2068' ? 1 : -1
    if (depth < 0) return withoutTurns(text)
  }
  return depth === 0 && !/[\u202a-\u202e\u2066\u2067]/.test(text) ? text : withoutTurns(text)
}

const rightToLeft = /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
/** For a sentence in which it stands: text from right to left leaves the order of what is around it alone. */
export const isolated = (text: string): string =>
  rightToLeft.test(text) || text.search(directions) >= 0 ? `\u2068${balanced(text)}\u2069` : text
