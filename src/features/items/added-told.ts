import type { Language, Said } from '../../i18n/index.ts'
import { isolated } from '../../text.ts'
import { formatAmount } from './quantity.ts'
import type { Added, Additions, NewItem } from './rules.ts'
import { unitFor } from './unit-forms.ts'

/** Of many, so many are named; a name is cut, as all of it has to fit into a cookie. */
const NAMED = 3
const NAME_LENGTH = 30

const short = (name: string): string => {
  const all = [...name]
  return all.length > NAME_LENGTH ? `${all.slice(0, NAME_LENGTH - 1).join('')}…` : name
}

const gotShop = ({ before, after }: Added): boolean => before?.shop === '' && Boolean(after?.shop)
const cameBack = ({ before, after }: Added): boolean =>
  before !== null && typeof before.doneAt === 'number' && after?.doneAt === null

/** What became of one or many that were asked for. `isQuick`: what was understood of them is to be shown. */
export function toldOf(asked: readonly NewItem[], added: Additions, language: Language, isQuick: boolean): Said {
  const [only] = asked
  const [made] = added.items
  return asked.length === 1 && only && made ? ofOne(only, made, language, isQuick) : ofMany(asked, added)
}

/** Asked for wherever, and added to what is bought at these shops: nobody would look for it there. Empty where that is not so. */
const shopOfRow = (asked: NewItem | undefined, made: Added): string =>
  asked?.shop === '' && made.merged && !gotShop(made) ? (made.shop ?? '') : ''

/** The first few, divided so that a comma in one of them is no end. */
function someOf(shops: readonly string[]): string {
  const all = [...new Set(shops)]
  const named = all.slice(0, NAMED).map(shop => isolated(short(shop)))
  return named.join(' · ') + (all.length > NAMED ? ' …' : '')
}

function ofOne(asked: NewItem, made: Added, language: Language, isQuick: boolean): Said {
  const { type, thousandths, unit, shop, done } = asked
  if (!isQuick && !made.merged) return { key: 'flash.added', params: { type } }
  const now = made.after?.thousandths ?? thousandths
  const amount = formatAmount(now, made.merged ? unitFor(now, unit) : unit, language)
  const params = { type, amount, shop }
  const keptShop = shopOfRow(asked, made)
  const kept: Said[] = keptShop ? [{ key: 'flash.keptShop', params: { shop: keptShop } }] : []
  if (done) return { key: 'flash.quickDone', params, also: kept }
  if (!made.merged) return { key: shop === '' ? 'flash.quick' : 'flash.quickAt', params }
  const also: Said[] = gotShop(made) ? [{ key: 'flash.gotShop', params: { type, shop } }] : kept
  return { key: cameBack(made) ? 'flash.cameBack' : 'flash.merged', params, also }
}

function ofMany(asked: readonly NewItem[], { items: added, each }: Additions): Said {
  const also: Said[] = []
  const ticked = asked.filter(({ done }) => done).length
  if (ticked > 0) also.push({ key: 'flash.manyDone', params: { count: ticked } })
  const merged = added.filter(one => one.merged)
  if (merged.length > 0) also.push({ key: 'flash.manyMerged', params: { count: merged.length } })
  const withShop = merged.filter(gotShop)
  if (withShop.length > 0) {
    const shops = someOf(withShop.map(({ after }) => after?.shop ?? ''))
    also.push({ key: 'flash.manyGotShop', params: { count: withShop.length, shops } })
  }
  const kept = added.flatMap((made, place) => {
    const [shop] = asked.flatMap((one, index) => (each[index] === place ? shopOfRow(one, made) || [] : []))
    return shop ?? []
  })
  if (kept.length > 0) {
    also.push({ key: 'flash.manyKeptShop', params: { count: kept.length, shops: someOf(kept) } })
  }
  return { key: 'flash.quickMany', params: { count: asked.length }, ...(also.length > 0 && { also }) }
}
