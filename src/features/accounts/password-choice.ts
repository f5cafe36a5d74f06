import { readFileSync } from 'node:fs'
import type { MessageKey } from '../../i18n/index.ts'

const LIST = new URL('../../../lists/common-passwords.txt', import.meta.url)

/** Read at once, as a server that is ready needs nothing of its release's folder, which may be on a storage that fails. */
let text = readFileSync(LIST, 'utf8')
/** Made when the first password is chosen: most processes never need it. */
let common: Set<string> | undefined

/** More digits than this beside one's own name are taken for more than a year or a date. */
const MAX_DIGITS = 8

export interface Owner {
  name: string
  email: string
}

/**
 * What makes a new password easy to guess, however long: it is among the most common ones, or says nothing beyond its
 * owner's name and e-mail. Undefined for a good one.
 */
export function weaknessOf(password: string, { name, email }: Owner): MessageKey | undefined {
  if (isCommon(password) || isPattern(plain(password))) return 'field.passwordCommon'
  return isOwn(password, [name, email, 'carrinho']) ? 'field.passwordOwn' : undefined
}

/** Without what people vary without thinking: case, accents, width. */
const plain = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
const lettersAndDigits = (text: string): string => plain(text).replace(/[^\p{L}\p{N}]/gu, '')

function isCommon(password: string): boolean {
  if (!common) {
    common = new Set(text.split('\n').filter(Boolean))
    text = ''
  }
  const spellings = [password.normalize('NFKC').toLowerCase(), plain(password), lettersAndDigits(password)]
  return spellings.some(text => common?.has(text))
}

/** One to three characters again and again, or a row of the alphabet or of the digits. */
function isPattern(text: string): boolean {
  if (/^(.{1,3}?)\1+$/su.test(text)) return true
  const codes = [...text].map(character => character.codePointAt(0) ?? 0)
  const step = (codes[1] ?? 0) - (codes[0] ?? 0)
  return Math.abs(step) === 1 && codes.every((code, at) => at === 0 || code - (codes[at - 1] ?? 0) === step)
}

/** Whether it is made of nothing but these texts' words, in any order, repeated or not, and a few digits. */
function isOwn(password: string, texts: string[]): boolean {
  const whole = lettersAndDigits(password)
  const words = new Set(
    texts.flatMap(text => [text, ...text.split(/[^\p{L}\p{N}\p{M}]+/u), ...text.split('@')]).map(lettersAndDigits)
  )
  words.delete('')
  if (words.has(whole)) return true
  const letters = whole.replace(/\p{N}/gu, '')
  if (letters === '' || whole.length - letters.length > MAX_DIGITS) return false
  const parts = new Set([...words].map(word => word.replace(/\p{N}/gu, '')).filter(part => part.length > 1))
  return isMadeOf(letters, parts)
}

function isMadeOf(text: string, parts: Set<string>): boolean {
  const reached = [true]
  for (let end = 1; end <= text.length; end++) {
    reached[end] = [...parts].some(part => reached[end - part.length] && text.startsWith(part, end - part.length))
  }
  return reached[text.length] === true
}
