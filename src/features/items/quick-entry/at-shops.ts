import { fold } from '../../../text-fold.ts'
import { NUMBER } from '../quantity.ts'
import { beginsWithAmount, readAmount } from './amount.ts'
import { box } from './marks.ts'

const amountAfterShop = new RegExp(String.raw`^(.+?) ((?:${NUMBER}) ?(?:[xX×]|\p{L}+\.?)|[x×] ?(?:${NUMBER}))$`, 'u')
const shopWithColon = /^([^:]*[^:\s])\s*:\s*(\S.*)$/

/** Where a line that begins with a shop has its item, if that is certain: after a colon, a shop that is known, or at an amount or a box to tick. */
function afterShop(text: string, known: ReadonlySet<string>): { shop: string; item: string } | undefined {
  const [, named, rest = ''] = shopWithColon.exec(text) ?? []
  if (named !== undefined) return { shop: named, item: rest }
  if (known.has(fold(text))) return undefined
  const words = text.split(' ')
  const parts = words.slice(1).map((_, index) => ({
    shop: words.slice(0, index + 1).join(' '),
    item: words.slice(index + 1).join(' ')
  }))
  return (
    parts.reverse().find(({ shop }) => known.has(fold(shop))) ??
    parts.reverse().find(({ item }) => box.test(item) || beginsWithAmount(item))
  )
}

/** A line's item and its shops, which may come first, or have an amount after them (`pão @Lidl 2 kg`). */
export function divide(text: string, stand: string, known: ReadonlySet<string>): { item: string; shops: string[] } {
  const [before = '', ...shops] = ` ${text}`.split(/ @(?=[^\s@])/)
  const item = before.trim()
  const last = shops[shops.length - 1]
  if (last === undefined) return { item, shops }
  const others = shops.slice(0, -1)
  if (item === '') {
    const first = afterShop(last, known)
    return first ? { item: first.item, shops: [...others, first.shop] } : { item, shops }
  }
  const [, shop = '', amount = ''] = amountAfterShop.exec(last) ?? []
  if (shop === '' || readAmount(item, stand)) return { item, shops }
  const whole = [`${amount} ${item}`, `${item} ${amount}`].find(text => readAmount(text, stand)?.name === item)
  return whole === undefined ? { item, shops } : { item: whole, shops: [...others, shop] }
}
