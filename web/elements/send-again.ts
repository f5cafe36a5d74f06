import { make } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'

/** Around a form that could not be carried out: sends it by itself, unless something has to be typed again. */
class SendAgain extends HTMLElement {
  private timer?: number

  connectedCallback(): void {
    if (!this.hasAttribute('after') || this.querySelector('input[type="password"]')) return
    const afterSeconds = Number(this.getAttribute('after'))
    const notice = make('p', 'hint', say('resend.auto'))
    this.append(notice)
    // Not `requestSubmit`, which Safari has from 16 on.
    this.timer = setTimeout(() => this.querySelector('button')?.click(), afterSeconds * 1_000)
    // Whoever starts to change something decides when it goes.
    const stop = () => {
      clearTimeout(this.timer)
      notice.remove()
    }
    this.addEventListener('focusin', stop, { once: true })
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer)
  }
}

customElements.define('send-again', SendAgain)
