import { make } from '../shared/dom.ts'
import type { Mark } from './marks.ts'

/** Half a minute: three lines of 40 on a wide screen, six of 20 on a phone. */
const cells = 120
const line = 40
const half = 20

const failed = { text: '✕', colour: 'bad' } as const

/** A fixed number of cells, filled in the order of sending. When it is full its oldest line goes. */
export class AnswerStrip extends HTMLElement {
  private at = 0

  connectedCallback(): void {
    this.clear()
  }

  /** The next cell, for a question that was sent. */
  take(): Element {
    if (this.at === cells) {
      for (const old of [...this.children].slice(0, line)) old.remove()
      this.append(...Array.from({ length: line }, newCell))
      this.at -= line
    }
    const cell = this.children[this.at] as Element
    if (this.at % half < 5) cell.classList.add('early')
    this.at += 1
    cell.classList.add('asked')
    return cell
  }

  answer(cell: Element, server: Mark, node: Mark | undefined): void {
    cell.classList.remove('asked')
    const [first, second] = cell.children
    show(first, server)
    show(second, node ?? failed)
  }

  fail(cell: Element): void {
    cell.classList.remove('asked')
    for (const mark of cell.children) show(mark, failed)
  }

  /** At the cell with which a gap ended. */
  label(cell: Element, text: string): void {
    this.unlabel(cell)
    cell.append(make('span', 'label', text))
  }

  unlabel(cell: Element): void {
    cell.querySelector('.label')?.remove()
  }

  /** Questions that nobody waits for any more, as the page was paused. */
  drop(): void {
    for (const cell of this.querySelectorAll('.asked')) {
      cell.classList.remove('asked')
      if (cell.firstChild) cell.firstChild.textContent = '·'
    }
  }

  clear(): void {
    this.at = 0
    this.replaceChildren(...Array.from({ length: cells }, newCell))
  }
}

function newCell(): HTMLElement {
  const cell = make('span', 'cell')
  cell.append(make('span', 'mark'), make('span', 'mark node'))
  return cell
}

function show(mark: Element | undefined, { text, colour }: { text: string; colour: number | 'bad' }): void {
  if (!(mark instanceof HTMLElement)) return
  mark.textContent = text
  mark.dataset.colour = String(colour)
}

declare global {
  interface HTMLElementTagNameMap {
    'answer-strip': AnswerStrip
  }
}
customElements.define('answer-strip', AnswerStrip)
