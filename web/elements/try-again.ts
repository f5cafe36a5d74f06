import { askOnce, sleep } from '../shared/ask.ts'

const withinMs = 10_000

/** On the page of an outage: asks first, so that it stays readable until there is something better to show. */
class TryAgain extends HTMLElement {
  async connectedCallback(): Promise<void> {
    const everyMs = Number(this.getAttribute('every')) * 1_000
    while (this.isConnected) {
      await sleep(everyMs)
      if (await askOnce(location.href, { headers: { accept: 'text/html' }, withinMs })) return location.reload()
    }
  }
}

customElements.define('try-again', TryAgain)
