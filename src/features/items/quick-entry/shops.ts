import { withoutUnseen } from '../../../text.ts'
import { fold } from '../../../text-fold.ts'

/** The shops where an item may be bought, each once, as its field `Lidl, Pingo Doce` names them. */
export function splitShops(field: string): string[] {
  const shops = new Map<string, string>()
  for (const part of field.split(',')) {
    const shop = withoutUnseen(part).trim()
    const folded = fold(shop)
    if (folded && !shops.has(folded)) shops.set(folded, shop)
  }
  return Array.from(shops.values())
}

export const joinShops = (shops: readonly string[]): string => splitShops(shops.join(',')).join(', ')
