import { accountData } from '../features/account-data/texts.es.ts'
import { accounts } from '../features/accounts/texts.es.ts'
import { api } from '../features/api/texts.es.ts'
import { cluster } from '../features/cluster/texts.es.ts'
import { history } from '../features/history/texts.es.ts'
import { home } from '../features/home/texts.es.ts'
import { items } from '../features/items/texts.es.ts'
import { lists } from '../features/lists/texts.es.ts'
import { pictures } from '../features/pictures/texts.es.ts'
import { search } from '../features/search/texts.es.ts'
import { shops } from '../features/shops/texts.es.ts'
import { suggestions } from '../features/suggestions/texts.es.ts'
import { tokens } from '../features/tokens/texts.es.ts'
import type { Catalogue } from './catalogue.ts'
import { common } from './common.es.ts'

export const es: Catalogue = {
  ...common,
  ...accounts,
  ...accountData,
  ...items,
  ...shops,
  ...suggestions,
  ...pictures,
  ...search,
  ...lists,
  ...history,
  ...cluster,
  ...home,
  ...tokens,
  ...api
}
