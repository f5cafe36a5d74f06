import type { Language, Said } from '../../i18n/index.ts'
import { isolated } from '../../text.ts'
import { formatAmount } from './quantity.ts'
import type { Added, NewItem } from './rules.ts'

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
export function toldOf(asked: readonly NewItem[], added: readonly Added[], language: Language, isQuick: boolean): Said {
  const [only] = asked
  const [made] = added
  return asked.length === 1 && only && made ? ofOne(only, made, language, isQuick) : ofMany(asked, added)
}

function ofOne(
  { type, thousandths, unit, shop, done }: NewItem,
  made: Added,
  language: Language,
  isQuick: boolean
): Said {
  if (!isQuick && !made.merged) return { key: 'flash.added', params: { type } }
  const amount = formatAmount(made.merged ? (made.after?.thousandths ?? thousandths) : thousandths, unit, language)
  const params = { type, amount, shop }
  if (done) return { key: 'flash.quickDone', params }
  if (!made.merged) return { key: shop === '' ? 'flash.quick' : 'flash.quickAt', params }
  const key = cameBack(made) ? 'flash.cameBack' : 'flash.merged'
  return { key, params, ...(gotShop(made) && { also: [{ key: 'flash.gotShop', params: { type, shop } }] }) }
}

function ofMany(asked: readonly NewItem[], added: readonly Added[]): Said {
  const also: Said[] = []
  const ticked = asked.filter(({ done }) => done).length
  if (ticked > 0) also.push({ key: 'flash.manyDone', params: { count: ticked } })
  const merged = added.filter(one => one.merged)
  if (merged.length > 0) also.push({ key: 'flash.manyMerged', params: { count: merged.length } })
  const withShop = merged.filter(gotShop)
  if (withShop.length > 0) {
    const shops = new Set(withShop.map(({ after }) => after?.shop ?? ''))
    const named =
      [...shops]
        .slice(0, NAMED)
        .map(shop => isolated(short(shop)))
        .join(' · ') + (shops.size > NAMED ? ' …' : '')
    also.push({ key: 'flash.manyGotShop', params: { count: withShop.length, shops: named } })
  }
  return { key: 'flash.quickMany', params: { count: asked.length }, ...(also.length > 0 && { also }) }
}
