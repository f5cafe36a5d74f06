import type { Texts } from '../../i18n/catalogue.ts'
import type { shops as pt } from './texts.pt.ts'

export const shops: Texts<typeof pt> = {
  'shops.title': 'Shops',
  'shops.lead': 'The list is grouped by shop, in this order.',
  'shops.names': 'Shops in order',
  'shops.anywhere': 'No shop',
  'shops.up': 'Move up',
  'shops.down': 'Move down',
  'shops.inside': 'Order in the shop',
  'shops.see': 'See this shop alone',
  'shops.empty': 'There are no shops yet. When an item of the list has a shop, it appears here.',
  'shops.tooMany': '{max} shops have an order, which is the most. Forget the order of one first.',
  'shops.back': 'All shops',
  'shop.title': 'Order in {shop}',
  'shop.lead': 'The way through the shop. What has no place yet comes last.',
  'shop.names': 'Items in order',
  'shop.empty': 'Nothing on the lists is bought here.',
  'shop.forget': 'Forget the place of',
  'shop.forgetAll': 'Forget the whole order of this shop',
  'shops.learning': 'Learning the order',
  'shops.learns':
    'The order within each shop is learned from what you tick off: when you clear what is in the basket, never while you shop.',
  'shops.learnsNot': 'The order within each shop changes only when you change it here.',
  'shops.learn': 'Learn the order',
  'shops.learnNot': 'Stop learning',
  'flash.placed': '“{name}” is number {place} now.',
  'flash.learns': 'From now on the order is learned from what you tick off.',
  'flash.learnsNot': 'The order is no longer learned. What is known stays.',
  'flash.placeForgotten': 'The place of “{name}” is forgotten.',
  'flash.placeNotForgotten': '“{name}” had no place any more.'
}
