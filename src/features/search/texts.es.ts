import type { Texts } from '../../i18n/catalogue.ts'
import type { search as pt } from './texts.pt.ts'

export const search: Texts<typeof pt> = {
  'search.title': 'Buscar en las listas',
  'search.label': 'Artículo, tienda o nota',
  'search.submit': 'Buscar',
  'search.found': { one: '{count} artículo', other: '{count} artículos' },
  'search.none': 'Nada tiene «{query}». Pruebe con menos letras.',
  'search.more': 'Hay más. Escriba más letras para encontrarlos.',
  'search.done': 'en la cesta',
  'search.away': 'lista guardada',
  'search.first': 'Mi lista'
}
