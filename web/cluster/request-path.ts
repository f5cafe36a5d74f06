import { get, setText } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'
import { chip } from './chip.ts'
import type { Mark } from './marks.ts'
import type { Identity } from './questions.ts'

/** The way of the latest answer: address, balancer, web server, database node. */
class RequestPath extends HTMLElement {
  show({ address, balancer, server, node }: Identity, serverMark: Mark, nodeMark: Mark | undefined): void {
    const step = this.step('address', address)
    if (address) setText(get(step, '.more'), balancer ? say('cluster.js.heldBy', { name: balancer }) : '')
    this.step('balancer', balancer)
    this.step('web', server, chip(serverMark, false))
    this.step('database', node ?? say('cluster.js.noNode'), nodeMark && chip(nodeMark, true))
    get(this, '#direct').hidden = balancer !== undefined
  }

  private step(name: string, text: string | undefined, mark?: HTMLElement): HTMLElement {
    const step = get(this, `[data-step="${name}"]`)
    step.hidden = text === undefined
    const strong = get(step, 'strong')
    if (text !== undefined && strong.dataset.shown !== text) {
      strong.dataset.shown = text
      strong.replaceChildren(...(mark ? [mark, ' '] : []), text)
    }
    return step
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'request-path': RequestPath
  }
}
customElements.define('request-path', RequestPath)
