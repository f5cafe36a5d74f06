import type { Texts } from '../../i18n/catalogue.ts'
import type { items as pt } from './texts.pt.ts'

export const items: Texts<typeof pt> = {
  'label.type': 'Item',
  'label.quantity': 'Quantity',
  'label.shop': 'Shop',
  'field.quantity': 'Type a whole number from {min} to {max}.',
  'list.title': 'My list',
  'list.add': 'Add to the list',
  'list.form': 'Add an item',
  'list.items': 'Items to buy',
  'list.remove': 'Delete',
  'list.empty.title': 'Nothing is missing.',
  'list.empty.text': 'Write above what you want to buy.',
  'list.full': 'The list has {max} items, which is the most it may have. Delete some and send it again.',
  'list.older': 'Older',
  'list.newer': 'Newer',
  'list.pages': 'Pages of the list',
  'list.js.adding': 'Adding…',
  'list.js.retrying': 'No answer. What you typed is kept here, trying again…',
  'list.js.gaveUp': 'Still no answer. What you typed is here and will not be added twice.',
  'list.js.retry': 'Try again',
  'list.js.failed': 'It could not be added. Try again.',
  'list.js.removed': '“{type}” is off the list.',
  'list.js.notRemoved': '“{type}” was not deleted. Try again.',
  'list.js.removeRetrying': 'No answer. Still trying to delete “{type}”…',
  'list.js.removeUnknown': 'There was no answer about “{type}”. If it is still on the list, delete it again.',
  'operation.reused': 'This form had already been sent with another item. Press again to add this one too.',
  'flash.added': '“{type}” is on the list.',
  'flash.alreadyAdded': '“{type}” had already been added. It is on the list once.',
  'flash.deleted': 'Item deleted.',
  'flash.notThere': 'That item was no longer on the list.'
}
