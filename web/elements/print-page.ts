import { make } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'

/** Instead of the hint at the browser's menu: a button. */
class PrintPage extends HTMLElement {
  connectedCallback(): void {
    const button = make('button', 'screen', say('print.js.print'))
    button.type = 'button'
    button.addEventListener('click', () => window.print())
    this.replaceChildren(button)
  }
}

customElements.define('print-page', PrintPage)
