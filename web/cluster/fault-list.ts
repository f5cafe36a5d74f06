import { get, make } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'
import { compared, type Result, signs } from './ledger.ts'
import { clock } from './numbers.ts'

const kept = 6

export interface Fault {
  /** Also its class. */
  kind: string
  /** The time of day. */
  at: number
  text: string
  /** What the ledger found after it. */
  result?: Result
}

/** What happened lately, the newest first, and whether anything was lost by it. */
class FaultList extends HTMLElement {
  private faults: Fault[] = []

  add(fault: Fault): void {
    this.faults = [fault, ...this.faults].slice(0, kept)
    this.draw()
  }

  find<F extends Fault>(isWanted: (fault: Fault) => fault is F): F | undefined {
    return this.faults.find(isWanted)
  }

  clear(): void {
    this.faults = []
    this.draw()
  }

  draw(): void {
    get(this, '#no-events').hidden = this.faults.length > 0
    get(this, '#events').replaceChildren(...this.faults.map(toItem))
  }
}

function toItem({ kind, at, text, result }: Fault): HTMLElement {
  const item = make('li', kind)
  item.append(make('time', '', clock.format(at)), ' ', make('span', 'what', text))
  if (result) {
    const found = say('cluster.js.compared', compared(result))
    item.append(' ', make('span', `result ${result.verdict}`, `${signs[result.verdict]} ${found}`))
  }
  return item
}

declare global {
  interface HTMLElementTagNameMap {
    'fault-list': FaultList
  }
}
customElements.define('fault-list', FaultList)
