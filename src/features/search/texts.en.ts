import type { Texts } from '../../i18n/catalogue.ts'
import type { search as pt } from './texts.pt.ts'

export const search: Texts<typeof pt> = {
  'search.title': 'Search the lists',
  'search.label': 'Item, shop or note',
  'search.submit': 'Search',
  'search.found': { one: '{count} item', other: '{count} items' },
  'search.none': 'Nothing has “{query}”. Try fewer letters.',
  'search.more': 'There are more. Type more letters to find them.',
  'search.done': 'in the basket',
  'search.away': 'list put away',
  'search.first': 'My list'
}
