import { formatAmount } from '../../src/features/items/quantity.ts'
import { MAX_LINES, readEntries } from '../../src/features/items/quick-entry.ts'
import { askOnce, readJson } from '../shared/ask.ts'
import { get, make } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'

const afterMs = 120
const withinMs = 3_000
const shownSuggestions = 4

interface Suggestion {
  name: string
  shop: string
  amount: string
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
    const read = readEntries(this.input.value, MAX_LINES)
    if (!read.ok) return []
    if (read.entries.length > 1) {
      return [make('p', 'understood', say('list.js.lines', { count: read.entries.length }))]
    }
    const [entry] = read.entries
    if (!entry || !(entry.said.quantity || entry.said.shop)) return []
    const line = make('p', 'understood')
    line.append(
      make('b', '', entry.name),
      ' ',
      make('span', '', formatAmount(entry.thousandths, entry.unit, this.language))
    )
    if (entry.shop) line.append(' ', make('span', 'at', entry.shop))
    return [line]
  }

  private async suggest(): Promise<void> {
    const mine = this.asked
    const text = this.input.value
    const read = readEntries(text, 1)
    const [entry] = read.ok ? read.entries : []
    // Whoever wrote a shop has said it all.
    if (!entry || entry.said.shop || /\n/.test(text.trim())) return this.show(this.understood(), [])
    const url = `${this.getAttribute('src')}?q=${encodeURIComponent(entry.name)}`
    const answer = await askOnce(url, { headers: { accept: 'application/json' }, withinMs })
    if (mine !== this.asked) return
    const found = answer?.ok ? (readJson(answer).suggestions as Suggestion[]).slice(0, shownSuggestions) : []
    const amount = entry.said.quantity ? formatAmount(entry.thousandths, entry.unit, this.language) : undefined
    const chips = found.map(one => this.chip(one, amount))
    const list = make('ul', 'chips')
    list.setAttribute('role', 'list')
    list.setAttribute('aria-label', say('list.js.suggestions'))
    list.append(...chips)
    this.show(this.understood(), chips.length > 0 ? [list] : [])
  }

  /** @param said the quantity that was written; it stays */
  private chip({ name, shop, amount }: Suggestion, said: string | undefined): HTMLLIElement {
    const button = make('button', 'chip', name)
    button.type = 'button'
    const rest = [said ?? amount, shop].filter(part => part && part !== '1').join(' · ')
    if (rest) button.append(' ', make('small', '', rest))
    button.addEventListener('click', () => this.take(name, said ?? amount, shop))
    const row = make('li')
    row.append(button)
    return row
  }

  /** Filled in, so that it can be changed before it is sent. */
  private take(name: string, amount: string, shop: string): void {
    const quoted = `"${name.replace(/"/g, '""')}"`
    const end = shop ? ` @${shop}` : ''
    const texts =
      amount === '1'
        ? [name + end, quoted + end]
        : [`${amount} ${name}${end}`, `${name} (${amount})${end}`, `${quoted} (${amount})${end}`]
    const isRight = (text: string) => {
      const read = readEntries(text, 1)
      const [entry] = read.ok ? read.entries : []
      return entry?.name === name && formatAmount(entry.thousandths, entry.unit, this.language) === amount
    }
    const { input } = this
    input.value = texts.find(isRight) ?? name
    input.focus()
    this.asked += 1
    clearTimeout(this.timer)
    this.show(this.understood(), [])
  }
}

customElements.define('quick-hints', QuickHints)
