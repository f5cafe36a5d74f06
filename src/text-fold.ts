/**
 * What makes two names one to people: without accents and capitals, spaces as one. Marks of other scripts, which make other
 * words, stay.
 */
export const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFKC')
    .replace(/\s+/g, ' ')
    .trim()
