/**
 * What makes two names one to people: without accents, capitals and invisible characters, spaces as one. Marks of other
 * scripts, which make other words, stay. Folded once more it stays the same.
 */
export function fold(text: string): string {
  // Most words; a long list is folded by the thousand, and normalizing costs ten times as much.
  const folded = isAscii.test(text) ? text.toLowerCase() : foldLetters(text)
  return folded.replace(/\s+/g, ' ').trim()
}

const isAscii = /^[ -~]*$/

const foldLetters = (text: string): string =>
  bare(bare(text.normalize('NFKD')).toLowerCase().normalize('NFKD'))
    .replace(/ς/g, 'σ')
    .normalize('NFKC')

const bare = (text: string): string => text.replace(/[\u0300-\u036f\p{Default_Ignorable_Code_Point}]/gu, '')
