import { make } from '../shared/dom.ts'

/** A mark as a small picture; who reads the page with their ears hears the name beside it. */
export function chip({ text, colour }: { text: string; colour: number | 'bad' }, isNode: boolean): HTMLElement {
  const element = make('span', isNode ? 'mark node' : 'mark', text)
  element.dataset.colour = String(colour)
  element.setAttribute('aria-hidden', 'true')
  return element
}
