import bcd from '@mdn/browser-compat-data' with { type: 'json' }
import type { CompatStatement, Identifier, SimpleSupportStatement } from '@mdn/browser-compat-data'

/** The oldest browsers that everything has to work in: of the phones that were new five years ago, and some before. */
const oldest = { safari_ios: '14', chrome_android: '87', firefox: '84' } as const
/** The newest edition of JavaScript whose syntax all of them read. */
export const oldestSyntax = 2021

const isUpTo = (version: string, limit: string): boolean => {
  const [ours = 0, theirs = 0] = [version, limit].map(text => Number.parseFloat(text.replace('≤', '')))
  return ours <= theirs
}

function isIn(statement: SimpleSupportStatement, version: string): boolean {
  const { version_added: added, version_removed: removed, flags, prefix, alternative_name: otherName } = statement
  if (typeof added !== 'string' || added === 'preview' || flags || prefix || otherName) return false
  return isUpTo(added, version) && !(typeof removed === 'string' && isUpTo(removed, version))
}

/** One of the oldest browsers does not have it. */
const isMissing = ({ support }: CompatStatement): boolean =>
  Object.entries(oldest).some(([browser, version]) => {
    const statements = [support[browser as keyof typeof oldest] ?? { version_added: false as const }].flat()
    return !statements.some(statement => isIn(statement as SimpleSupportStatement, version))
  })

const isMissingIn = (tree: Identifier | undefined, ...path: string[]): boolean => {
  let place = tree
  for (const name of path) place = place?.[name] as Identifier | undefined
  return place?.__compat ? isMissing(place.__compat) : false
}

/** What Playwright itself uses in a page that it asks something. */
const keptForPlaywright = ['BigInt64Array', 'BigUint64Array']

/** What one of the oldest browsers lacks of objects and methods, each as the path to it: `['AbortSignal', 'timeout_static']`. */
export const missingInterfaces: string[][] = [bcd.api as Identifier, bcd.javascript.builtins as Identifier]
  .flatMap(tree => missingBelow(tree, []))
  .filter(([name = '']) => !keptForPlaywright.includes(name))

function missingBelow(tree: Identifier, path: string[]): string[][] {
  return Object.entries(tree).flatMap(([key, value]) => {
    if (key === '__compat' || key === path.at(-1)) return []
    const child = value as Identifier
    // On `window`, they are objects of their own.
    const here = path[0] === 'Window' ? [key] : [...path, key]
    if (child.__compat && isMissing(child.__compat)) return [here]
    return missingBelow(child, path.length === 0 ? [key] : here)
  })
}

/**
 * Runs in the page, before its scripts: what `paths` names is as if it had never been there. No function inside of it, as
 * it is sent to the page as text.
 */
export function takeAway(paths: string[][]): void {
  const { hasOwnProperty: hasOwn } = Object.prototype
  type Thing = { [name: string]: Thing | undefined }
  for (const path of paths) {
    const key = path[path.length - 1] ?? ''
    const name = key.replace(/_static$/, '')
    let owner = globalThis as unknown as Thing | undefined
    for (const step of path.slice(0, -1)) owner = owner?.[step]
    if (!owner) continue
    // Objects of a kind that does not exist have no members of that kind either.
    const members = /^[A-Z]/.test(name) && hasOwn.call(owner, name) ? owner[name]?.prototype : undefined
    for (const member of members ? Object.getOwnPropertyNames(members) : []) {
      if (members && member !== 'constructor') Reflect.deleteProperty(members, member)
    }
    Reflect.deleteProperty(owner, name)
    // `Response.json()` is young, that of each response is not.
    if (owner.prototype && name === key) Reflect.deleteProperty(owner.prototype, name)
  }
}

const lengthUnits: [RegExp, string][] = [
  [/\d(dvh|dvw|dvb|dvi|dvmin|dvmax)\b/, 'viewport_percentage_units_dynamic'],
  [/\d(svh|svw|svb|svi|svmin|svmax)\b/, 'viewport_percentage_units_small'],
  [/\d(lvh|lvw|lvb|lvi|lvmin|lvmax)\b/, 'viewport_percentage_units_large'],
  [/\d(cqw|cqh|cqi|cqb|cqmin|cqmax)\b/, 'container_query_length_units']
]

function missingInValue(property: string, value: string): string[] {
  const words = value.match(/(?<![\w.-])[a-z][\w-]*\(?/gi) ?? []
  const types = Object.values(bcd.css.types as Identifier) as Identifier[]
  const missingWords = words.filter(word => {
    if (!word.endsWith('(')) return isMissingIn(bcd.css.properties, property, word)
    const name = word.slice(0, -1)
    return isMissingIn(bcd.css.types, name) || types.some(type => isMissingIn(type, name))
  })
  const units = lengthUnits.filter(([unit, name]) => unit.test(value) && isMissingIn(bcd.css.types, 'length', name))
  return [...missingWords, ...units.map(([unit]) => unit.exec(value)?.[1] ?? '')].map(what => `${property}: ${what}`)
}

/** What a stylesheet uses that one of the oldest browsers does not know, and has no other declaration for. */
export function missingStyles(css: string): string[] {
  const found: string[] = []
  const plain = css.replace(/\/\*[\s\S]*?\*\//g, '').replace(/"[^"]*"|'[^']*'/g, '""')
  /** For each open block: the properties it already has in words that all browsers know. */
  const blocks: Set<string>[] = []
  for (const [, text = '', end] of plain.matchAll(/([^{};]*)([{};])/g)) {
    const part = text.trim()
    if (end === '{') {
      if (blocks.length > 0 && !part.startsWith('@') && !/^(from|to|[\d.]+%)/.test(part) && blocks.at(-1)?.size) {
        found.push(`a rule inside of a rule: ${part}`)
      }
      const [, rule] = /^@([\w-]+)/.exec(part) ?? []
      if (rule && isMissingIn(bcd.css['at-rules'], rule)) found.push(`@${rule}`)
      if (rule === 'media' && /[<>]/.test(part)) found.push('@media: range')
      if (!rule) {
        for (const [, name = ''] of part.matchAll(/::?([\w-]+)/g)) {
          if (isMissingIn(bcd.css.selectors, name)) found.push(`:${name}`)
        }
      }
      blocks.push(new Set())
    } else {
      const [, property = '', value = ''] = /^([\w-]+)\s*:([\s\S]*)$/.exec(part) ?? []
      const missing = property.startsWith('--')
        ? missingInValue('', value)
        : isMissingIn(bcd.css.properties, property)
          ? [property]
          : missingInValue(property, value)
      const known = blocks.at(-1)
      if (missing.length === 0) known?.add(property)
      else if (!known?.has(property)) found.push(...missing)
      if (end === '}') blocks.pop()
    }
  }
  return [...new Set(found)]
}
