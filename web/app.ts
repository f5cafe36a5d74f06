// On every page: what the list needs at the first tap, and the page of an outage. All of it works without this file: it spares reloads, and keeps trying when a server does not answer.

import './elements/toast-region.ts'
import { ItemList } from './elements/item-list.ts'
import './elements/shop-suggestions.ts'
import './elements/quantity-stepper.ts'
import './elements/add-item.ts'
import './elements/try-again.ts'
import './elements/send-again.ts'
import './shared/leaving.ts'

/** Once; where it cannot be had, the list goes without. */
let fetched: Promise<Partial<typeof import('./morph.ts')>> | undefined
const fetchMorph = () => {
  fetched ??= import('./morph.ts').catch(() => ({}))
  return fetched
}
ItemList.morphing = async () => (await fetchMorph()).morph
if (document.querySelector('item-list')) addEventListener('load', fetchMorph)

const entry = document.querySelector<HTMLTextAreaElement>('#quick textarea')
const fetchHints = () => void import('./hints.ts').catch(() => {})
// Somebody may be at it before this runs, or gets back what was typed.
if (entry?.value || (entry && entry === document.activeElement)) fetchHints()
else entry?.addEventListener('focus', fetchHints, { once: true })
