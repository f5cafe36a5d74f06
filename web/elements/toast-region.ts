import { make } from '../shared/dom.ts'

const shownMs = 8_000

/** Where the page says what happened: over it, so that nothing under the thumb moves. */
class ToastRegion extends HTMLElement {
  private timer?: number

  show(text: string, kind: Kind): void {
    this.className = 'toast'
    this.replaceChildren(make('p', `note ${kind}`, text))
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.replaceChildren(), shownMs)
  }
}

type Kind = 'success' | 'error' | 'info'

declare global {
  interface HTMLElementTagNameMap {
    'toast-region': ToastRegion
  }
}
customElements.define('toast-region', ToastRegion)

export const toast = (text: string, kind: Kind): void => document.querySelector('toast-region')?.show(text, kind)
