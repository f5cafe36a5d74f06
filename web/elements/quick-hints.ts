import { asEntry } from '../../src/features/items/as-text.ts'
import { formatAmount } from '../../src/features/items/quantity.ts'
import { type Entries, readEntries } from '../../src/features/items/quick-entry/entries.ts'
import type { Entry } from '../../src/features/items/quick-entry/line.ts'
import { accountOfPage } from '../shared/account.ts'
import { askOnce, readJson } from '../shared/ask.ts'
import { get, make } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'

const afterMs = 120
const withinMs = 3_000
const shownSuggestions = 4

interface Suggestion {
  name: string
  shop: string
  quantity: number
  unit: string
}

type Language = 'pt' | 'en' | 'es'

/** Below the field in which items are written: how it is understood, and what is usually bought under such a name. */
class QuickHints extends HTMLElement {
  private timer?: number
  private asked = 0

  connectedCallback(): void {
    this.input.addEventListener('input', this.look)
    document.addEventListener('item-added', this.clear)
    if (this.input.value) this.look()
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer)
    document.removeEventListener('item-added', this.clear)
  }

  private get input(): HTMLTextAreaElement {
    return get(this.closest('form') ?? document, 'textarea')
  }

  private get language(): Language {
    return document.documentElement.lang.slice(0, 2) as Language
  }

  private read(): Entries {
    const shops = Array.from(document.querySelectorAll<HTMLElement>('item-list section'), it => it.dataset.shop ?? '')
    return readEntries(this.input.value, { shops })
  }

  private readonly clear = (): void => {
    this.asked += 1
    clearTimeout(this.timer)
    this.replaceChildren()
  }

  private readonly look = (): void => {
    clearTimeout(this.timer)
    this.asked += 1
    this.show(this.understood(), Array.from(this.querySelectorAll('.chips')))
    this.timer = setTimeout(() => void this.suggest(), afterMs)
  }

  private show(understood: Element[], suggested: Element[]): void {
    this.replaceChildren(...understood, ...suggested)
  }

  /** Only where more than a name was written. */
  private understood(): Element[] {
    const read = this.read()
    if (!read.ok) return []
    if (read.entries.length > 1) {
      const ticked = read.entries.filter(({ done }) => done).length
      const lines = say('list.js.lines', { count: read.entries.length })
      return [make('p', 'understood', ticked > 0 ? `${lines} · ${say('list.basket')}: ${ticked}` : lines)]
    }
    const [entry] = read.entries
    if (!entry || !(entry.said.quantity || entry.said.shop || entry.done)) return []
    const line = make('p', 'understood')
    line.append(
      make('b', '', entry.name),
      ' ',
      make('span', '', formatAmount(entry.thousandths, entry.unit, this.language))
    )
    for (const part of [entry.shop, entry.done ? say('list.basket') : '']) {
      if (part) line.append(' ', make('span', 'at', part))
    }
    return [line]
  }

  private async suggest(): Promise<void> {
    const mine = this.asked
    const read = this.read()
    const [entry] = read.ok ? read.entries : []
    // Whoever wrote a shop has said it all.
    if (!entry || entry.said.shop || /\n/.test(this.input.value.trim())) return this.show(this.understood(), [])
    const url = `${this.getAttribute('src')}?q=${encodeURIComponent(entry.name)}`
    const headers = { accept: 'application/json', 'x-account': accountOfPage() }
    const answer = await askOnce(url, { headers, withinMs })
    if (mine !== this.asked) return
    const found = answer?.ok ? (readJson(answer).suggestions as Suggestion[]).slice(0, shownSuggestions) : []
    const chips = found.map(one => this.chip(one, entry))
    const list = make('ul', 'chips')
    list.setAttribute('role', 'list')
    list.setAttribute('aria-label', say('list.js.suggestions'))
    list.append(...chips)
    this.show(this.understood(), chips.length > 0 ? [list] : [])
  }

  /** The quantity that was written stays. */
  private chip({ name, shop, quantity, unit }: Suggestion, { said, ...written }: Entry): HTMLLIElement {
    const item = { ...written, name, shop, ...(said.quantity ? {} : { thousandths: quantity * 1000, unit }) }
    const amount = formatAmount(item.thousandths, item.unit, this.language)
    const button = make('button', 'chip', name)
    button.type = 'button'
    const rest = [amount, shop].filter(part => part && part !== '1').join(' · ')
    if (rest) button.append(' ', make('small', '', rest))
    button.addEventListener('click', () => this.take(asEntry(item, this.language)))
    const row = make('li')
    row.append(button)
    return row
  }

  /** Filled in, so that it can be changed before it is sent. */
  private take(line: string): void {
    const { input } = this
    input.value = line
    input.focus()
    this.asked += 1
    clearTimeout(this.timer)
    this.show(this.understood(), [])
  }
}

customElements.define('quick-hints', QuickHints)
