import { get, make } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'

const shownMs = 8_000

type Kind = 'success' | 'error' | 'info'
type Undo = () => Promise<void>

/**
 * Where the page says what happened, the one place that screen readers listen to: over the page, so that nothing under the
 * thumb moves. What can be taken back stays until something else is said.
 */
class ToastRegion extends HTMLElement {
  private timer?: number
  private roomPx = 0

  connectedCallback(): void {
    if (this.querySelector('.undoable')) this.makeRoom()
  }

  /** The end of the page can be read above it. Never less again: that would move what is under the thumb. */
  private makeRoom(): void {
    this.roomPx = Math.max(this.roomPx, this.offsetHeight)
    document.body.style.paddingBottom = `${this.roomPx}px`
  }

  show(text: string, kind: Kind, undo?: Undo): void {
    this.className = 'toast'
    const note = make('div', `note ${kind}`)
    note.append(make('p', '', text))
    if (undo) {
      const button = make('button', 'plain undo', say('list.js.undo'))
      button.type = 'button'
      button.addEventListener('click', () => {
        button.setAttribute('aria-disabled', 'true')
        void undo()
      })
      note.classList.add('undoable')
      note.append(button)
    }
    this.replaceChildren(note)
    this.makeRoom()
    clearTimeout(this.timer)
    if (!undo) this.timer = setTimeout(() => this.replaceChildren(), shownMs)
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'toast-region': ToastRegion
  }
}
customElements.define('toast-region', ToastRegion)

/** @param undo takes back what is said; with it the message stays */
export const toast = (text: string, kind: Kind, undo?: Undo): void =>
  get<ToastRegion>(document, 'toast-region').show(text, kind, undo)
