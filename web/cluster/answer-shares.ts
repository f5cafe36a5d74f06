import { get, make, setText } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'
import { chip } from './chip.ts'
import type { Mark } from './marks.ts'
import { percent, whole } from './numbers.ts'

interface Tally {
  mark: Mark
  isNode: boolean
  count: number
  row: Row
}

interface Row {
  element: HTMLElement
  count: HTMLElement
  bar: HTMLElement
  percent: HTMLElement
}

/** Who gave how many of the answers; the legend under the strip has the same names. */
class AnswerShares extends HTMLElement {
  private readonly tallies = new Map<Mark, Tally>()

  connectedCallback(): void {
    this.drawNames()
  }

  /** How many answers web servers gave. */
  get answers(): number {
    return this.ordered(false).reduce((sum, { count }) => sum + count, 0)
  }

  count(mark: Mark, isNode: boolean): void {
    const tally = this.tallies.get(mark) ?? { mark, isNode, count: 0, row: newRow(mark, isNode) }
    tally.count += 1
    if (this.tallies.has(mark)) return
    this.tallies.set(mark, tally)
    this.drawNames()
  }

  draw(): void {
    for (const isNode of [false, true]) {
      const tallies = this.ordered(isNode)
      const all = tallies.reduce((sum, { count }) => sum + count, 0)
      for (const { row, count } of tallies) {
        setText(row.count, whole.format(count))
        row.bar.style.setProperty('--share', String(count / all))
        setText(row.percent, percent.format(count / all))
      }
    }
  }

  clear(): void {
    this.tallies.clear()
    this.drawNames()
  }

  private ordered(isNode: boolean): Tally[] {
    return [...this.tallies.values()]
      .filter(tally => tally.isNode === isNode)
      .sort((one, other) => one.mark.index - other.mark.index)
  }

  private drawNames(): void {
    const ordered = [...this.ordered(false), ...this.ordered(true)]
    get(this, 'tbody').replaceChildren(...ordered.map(({ row }) => row.element))
    const items = ordered.map(({ mark, isNode }) => named(mark, isNode, mark.name))
    const failed = named({ text: '✕', colour: 'bad' }, false, say('cluster.js.noAnswer'))
    document.getElementById('legend')?.replaceChildren(...items, failed)
  }
}

function named(mark: Parameters<typeof chip>[0], isNode: boolean, name: string): HTMLElement {
  const item = make('li')
  item.append(chip(mark, isNode), ` ${name}`)
  return item
}

function newRow(mark: Mark, isNode: boolean): Row {
  const element = make('tr')
  const name = make('th')
  name.scope = 'row'
  name.append(chip(mark, isNode), ` ${mark.name}`)
  const count = make('td')
  const share = make('td', 'share')
  const bar = make('span', isNode ? 'bar node' : 'bar')
  bar.dataset.colour = String(mark.colour)
  const percent = make('span')
  share.append(bar, percent)
  element.append(name, count, share)
  return { element, count, bar, percent }
}

declare global {
  interface HTMLElementTagNameMap {
    'answer-shares': AnswerShares
  }
}
customElements.define('answer-shares', AnswerShares)
