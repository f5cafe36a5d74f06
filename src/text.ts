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
