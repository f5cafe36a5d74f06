import type { ItemContent } from '../../src/store/change.ts'

/** An item's content, plain where nothing is said of it. */
export const content = (some: Partial<ItemContent> = {}): ItemContent => ({
  uid: null,
  type: 'Leite',
  thousandths: 2000,
  unit: '',
  shop: 'Mercearia',
  note: '',
  doneAt: null,
  pictures: null,
  ...some
})
