import { MAX_QUANTITY } from '../../features/items/quantity.ts'
import { MAX_ITEMS } from '../../features/items/rules.ts'
import { MAX_LISTS } from '../../features/lists/rules.ts'
import { MAX_OF_ACCOUNT, MAX_OF_ITEM } from '../../features/pictures/schema.ts'
import { MAX_SHOPS } from '../../features/shops/rules.ts'
import type { Params } from '../../i18n/index.ts'
import { Problem, type ProblemCode } from './problem.ts'

/** What these problems name. */
const NAMED = {
  list_full: { max: MAX_ITEMS },
  lists_full: { max: MAX_LISTS },
  shops_full: { max: MAX_SHOPS },
  item_pictures_full: { max: MAX_OF_ITEM },
  account_pictures_full: { max: MAX_OF_ACCOUNT },
  out_of_bounds: { max: MAX_QUANTITY }
} as const satisfies Partial<Record<ProblemCode, Params>>

/** What its texts name, for who shows what there is. */
export const namedBy = (code: ProblemCode): Params => (code in NAMED ? NAMED[code as keyof typeof NAMED] : {})

/** Why a rule did nothing, as the program is told. */
export function refusal(status: string, current?: object): Problem {
  switch (status) {
    case 'reused':
      return new Problem('key_reused')
    case 'stale':
      return new Problem('precondition_failed', current && { current })
    case 'full':
      return new Problem('list_full', { params: NAMED.list_full })
    case 'tooMany':
      return new Problem('lists_full', { params: NAMED.lists_full })
    case 'uidTaken':
      return new Problem('id_taken')
    case 'sameList':
      return new Problem('same_list')
    case 'first':
      return new Problem('first_list')
    case 'undone':
      return new Problem('undone')
    case 'tooOld':
      return new Problem('too_old')
    case 'overtaken':
      return new Problem('overtaken')
    case 'moved':
      return new Problem('moved')
    case 'outOfBounds':
      return new Problem('out_of_bounds', { params: NAMED.out_of_bounds })
    case 'noList':
    case 'notThere':
      return new Problem('not_found')
    default:
      throw new Error(`a rule answered ${status}`)
  }
}
