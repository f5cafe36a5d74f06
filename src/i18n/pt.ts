import { accountData } from '../features/account-data/texts.pt.ts'
import { accounts } from '../features/accounts/texts.pt.ts'
import { api } from '../features/api/texts.pt.ts'
import { cluster } from '../features/cluster/texts.pt.ts'
import { history } from '../features/history/texts.pt.ts'
import { home } from '../features/home/texts.pt.ts'
import { items } from '../features/items/texts.pt.ts'
import { lists } from '../features/lists/texts.pt.ts'
import { pictures } from '../features/pictures/texts.pt.ts'
import { search } from '../features/search/texts.pt.ts'
import { shops } from '../features/shops/texts.pt.ts'
import { suggestions } from '../features/suggestions/texts.pt.ts'
import { tokens } from '../features/tokens/texts.pt.ts'
import { common } from './common.pt.ts'

/** The Portuguese (Portugal) texts, and the master list of keys: the other languages are typed by these. */
export const pt = {
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
