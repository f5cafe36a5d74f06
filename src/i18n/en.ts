import { accountData } from '../features/account-data/texts.en.ts'
import { accounts } from '../features/accounts/texts.en.ts'
import { api } from '../features/api/texts.en.ts'
import { cluster } from '../features/cluster/texts.en.ts'
import { history } from '../features/history/texts.en.ts'
import { home } from '../features/home/texts.en.ts'
import { items } from '../features/items/texts.en.ts'
import { lists } from '../features/lists/texts.en.ts'
import { pictures } from '../features/pictures/texts.en.ts'
import { search } from '../features/search/texts.en.ts'
import { shops } from '../features/shops/texts.en.ts'
import { suggestions } from '../features/suggestions/texts.en.ts'
import { tokens } from '../features/tokens/texts.en.ts'
import type { Catalogue } from './catalogue.ts'
import { common } from './common.en.ts'

export const en: Catalogue = {
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
