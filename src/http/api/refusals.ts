import { MAX_QUANTITY } from '../../features/items/quantity.ts'
import { MAX_ITEMS } from '../../features/items/rules.ts'
import { MAX_LISTS } from '../../features/lists/rules.ts'
import { Problem } from './problem.ts'

/** Why a rule did nothing, as the program is told. */
export function refusal(status: string, current?: object): Problem {
  switch (status) {
    case 'reused':
      return new Problem('key_reused')
    case 'stale':
      return new Problem('precondition_failed', current && { current })
    case 'full':
      return new Problem('list_full', { params: { max: MAX_ITEMS } })
    case 'tooMany':
      return new Problem('lists_full', { params: { max: MAX_LISTS } })
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
      return new Problem('out_of_bounds', { params: { max: MAX_QUANTITY } })
    case 'noList':
    case 'notThere':
      return new Problem('not_found')
    default:
      throw new Error(`a rule answered ${status}`)
  }
}
