import { Idiomorph } from 'idiomorph'
import { fieldsOf, signIn, takeToken } from '../shared/account.ts'
import { ask, readJson } from '../shared/ask.ts'
import { get, parsePage } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'
import { toast } from './toast-region.ts'

const withinMs = 10_000
const writeForMs = 120_000
const refreshForMs = 60_000

/** The list: deletes without a reload, and becomes what the server's newest page of it says, element by element. */
export class ItemList extends HTMLElement {
  private readonly removing = new Set<string>()
  /** Since the last refresh was asked for: its answer may still have them. */
  private readonly removed = new Set<string>()
  private refreshes = 0

  connectedCallback(): void {
    // Not on `submit`: which button it was, Safari tells from 15.4 on.
    this.addEventListener('click', event => {
      const button = (event.target as Element).closest<HTMLButtonElement>('button[name="id"]')
      if (!button?.form) return
      event.preventDefault()
      void this.delete(button, button.form)
    })
  }

  async refresh(): Promise<void> {
    this.refreshes += 1
    const mine = this.refreshes
    this.removed.clear()
    const home = this.getAttribute('src') ?? ''
    const answer = await ask(home, { headers: { accept: 'text/html' }, withinMs, forMs: refreshForMs })
    if (!answer?.ok || mine !== this.refreshes) return
    if (answer.isSignedOut) return signIn()
    const page = parsePage(answer.text)
    const fresh = page.querySelector('item-list')
    if (!fresh) return
    for (const id of this.removing) strike(findRow(fresh, id), true)
    for (const id of this.removed) findRow(fresh, id)?.remove()

    Idiomorph.morph(this, fresh)
    document.title = page.title
    if (location.pathname + location.search !== home) history.replaceState(null, '', home)
    this.dispatchEvent(new CustomEvent('items-changed', { bubbles: true }))
  }

  /** An item was added: shows it, and that it is new. */
  async showNewest(): Promise<void> {
    await this.refresh()
    this.querySelector('li')?.classList.add('new')
  }

  private async delete(button: HTMLButtonElement, form: HTMLFormElement): Promise<void> {
    const id = button.value
    if (this.removing.has(id)) return
    const type = get(this, `#item-${id} .i`).textContent
    this.removing.add(id)
    strike(findRow(this, id), true)

    const answer = await ask(form.getAttribute('action') ?? '', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-csrf-token': fieldsOf(form).csrf_token ?? ''
      },
      body: JSON.stringify({ id: Number(id) }),
      withinMs,
      forMs: writeForMs,
      onWait: () => toast(say('list.js.removeRetrying', { type }), 'info')
    })
    this.removing.delete(id)
    if (answer?.isSignedOut) return signIn()
    if (answer?.ok) {
      this.removed.add(id)
      toast(say('list.js.removed', { type }), 'success')
      return this.takeAway(findRow(this, id))
    }
    strike(findRow(this, id), false)
    if (!answer) {
      toast(say('list.js.removeUnknown', { type }), 'error')
      return this.refresh()
    }
    const { csrfToken, message } = readJson(answer)
    takeToken(csrfToken)
    toast(String(message ?? say('list.js.notRemoved', { type })), 'error')
  }

  /** Focus goes to the neighbour, so that the next one can be deleted with the same key. */
  private async takeAway(row: Element | null): Promise<void> {
    if (!row) return
    const hadFocus = row.contains(document.activeElement) || document.activeElement === document.body
    let next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector<HTMLElement>('button') ?? null
    row.remove()
    if (!next) {
      await this.refresh()
      next = this.querySelector<HTMLElement>('#empty, li button')
    }
    if (hadFocus) next?.focus({ preventScroll: true })
  }
}

const findRow = (list: Element, id: string): Element | null => list.querySelector(`#item-${id}`)

function strike(row: Element | null, isGoing: boolean): void {
  row?.classList.toggle('going', isGoing)
  row?.querySelector('button')?.setAttribute('aria-disabled', String(isGoing))
}

declare global {
  interface HTMLElementTagNameMap {
    'item-list': ItemList
  }
}
customElements.define('item-list', ItemList)
