import { accountOfPage, signIn } from '../shared/account.ts'
import { ask, sleep } from '../shared/ask.ts'
import { parsePage } from '../shared/dom.ts'
import { sayKept } from '../shared/leaving.ts'
import { say } from '../shared/texts.ts'
import { sendKept, type Written, write, writeLater } from '../shared/write.ts'
import { toast } from './toast-region.ts'

const withinMs = 10_000
const refreshForMs = 60_000
/** Nothing moves sooner after a tap: who goes down the list must not tick the wrong thing. */
const quietMs = 3_000

/** What is asked of one item and not answered yet. */
interface Pending {
  isSending: boolean
  /** The last state that a finger left its box in, until the server has it. */
  done?: boolean
  /** What is to be added to its quantity, until the server has done so. */
  delta: number
  isGoing: boolean
  /** Of these what is on its way. */
  sent: Asked
}
type Asked = Pick<Pending, 'done' | 'delta' | 'isGoing'>

/**
 * The list: every tap is shown at once and sent in the background, one request an item at a time, the last state last.
 * Rows stay where they are until a while after the last tap; then it becomes what the server says, row by row.
 */
export class ItemList extends HTMLElement {
  /** Makes one list like another, and keeps what both have. It is not waited for long, nor needed. */
  static morphing: () => Promise<((list: Element, fresh: Element) => unknown) | undefined> = async () => undefined

  private readonly pending = new Map<string, Pending>()
  private quietAt = 0
  private isHeld = false
  private timer?: number
  private refreshes = 0
  /** The row in which a tap began. */
  private pressed: Element | null = null

  connectedCallback(): void {
    // With scripts the boxes of the rows are saved by themselves, and need not be sent along by what is around them.
    for (const control of document.querySelectorAll('[form="items"]')) {
      for (const name of ['form', 'formaction']) control.removeAttribute(name)
    }
    this.addEventListener('pointerdown', event => {
      this.isHeld = true
      this.pressed = rowOf(event.target)
      this.stayPut()
    })
    for (const end of ['pointerup', 'pointercancel']) addEventListener(end, this.letGo)
    this.addEventListener('keydown', () => this.stayPut())
    // Not on `submit`: which button it was, Safari tells from 15.4 on.
    this.addEventListener('click', event => this.onClick(event), true)
    this.addEventListener('change', event => {
      const box = event.target as HTMLInputElement
      if (box.name === 'done') this.tick(box)
    })
    this.addEventListener('submit', event => event.preventDefault())
    addEventListener('pagehide', this.leave)
    document.querySelector('form[action="/logout"]')?.addEventListener('submit', this.finishFirst)
    void this.sendKept()
    // Ticked before this ran. No browser fills these boxes in, so it was a finger.
    for (const box of this.querySelectorAll<HTMLInputElement>('input[name="done"]')) {
      if (box.checked !== box.defaultChecked) this.tick(box)
    }
  }

  disconnectedCallback(): void {
    for (const end of ['pointerup', 'pointercancel']) removeEventListener(end, this.letGo)
    removeEventListener('pagehide', this.leave)
    clearTimeout(this.timer)
  }

  /** Becomes what the server says, once nobody is at it. `isNew`: an item was added, and is to be seen. */
  async refresh(isNew = false): Promise<void> {
    this.refreshes += 1
    const mine = this.refreshes
    const known = new Set(Array.from(this.querySelectorAll('li'), row => row.id))
    const answer = await ask(this.home, { headers: { accept: 'text/html' }, withinMs, forMs: refreshForMs })
    const morph = await Promise.race([ItemList.morphing(), sleep(withinMs)])
    if (!answer?.ok || mine !== this.refreshes) return
    if (answer.isSignedOut) return signIn()
    const page = parsePage(answer.text)
    const fresh = page.querySelector('item-list')
    if (!fresh) return
    // Another account was signed in meanwhile, in another tab.
    if (page.body.dataset.account !== accountOfPage()) return location.reload()
    // Somebody went on meanwhile: another one follows when that has come to rest.
    if (this.restMs() > 0) return this.refreshWhenQuiet()
    for (const [id, { done, delta, isGoing }] of this.pending) {
      for (const row of rowsOf(fresh, id)) {
        overlay(row, done, isGoing)
        const count = row.querySelector<HTMLElement>('.n')
        if (count && delta !== 0) showCount(count, Number(count.dataset.thousandths) + delta)
      }
    }

    const focused = this.contains(document.activeElement) ? document.activeElement : null
    if (morph) morph(this, fresh)
    else this.replaceChildren(...Array.from(fresh.childNodes))
    for (const box of this.querySelectorAll<HTMLInputElement>('input[name="done"]'))
      box.checked = box.hasAttribute('checked')
    keepFocus(this, focused)
    document.title = page.title
    if (location.pathname + location.search !== this.home) history.replaceState(null, '', this.home)
    if (isNew) for (const row of this.querySelectorAll('li')) if (!known.has(row.id)) row.classList.add('new')
    this.dispatchEvent(new CustomEvent('items-changed', { bubbles: true }))
  }

  /** Something was added by hand: it is shown as soon as nothing else is under way. */
  showNewest(): Promise<void> {
    return this.refresh(true)
  }

  private get home(): string {
    return this.getAttribute('src') ?? ''
  }

  private stayPut(): void {
    this.quietAt = performance.now() + quietMs
  }

  private readonly letGo = (): void => {
    if (this.isHeld) this.stayPut()
    this.isHeld = false
  }

  private restMs(): number {
    return this.isHeld ? quietMs : Math.max(0, this.quietAt - performance.now())
  }

  private refreshWhenQuiet(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      const isBusy = Array.from(this.pending.values()).some(({ isSending }) => isSending)
      if (this.restMs() > 0 || isBusy) this.refreshWhenQuiet()
      else void this.refresh()
    }, this.restMs() || 250)
  }

  private onClick(event: MouseEvent): void {
    const row = rowOf(event.target)
    const began = this.pressed
    this.pressed = null
    // Only of a pointer: the keyboard's clicks begin nowhere.
    if (began && row !== began && event.detail > 0) {
      event.preventDefault()
      event.stopPropagation()
      return
    }
    const button = (event.target as Element).closest<HTMLButtonElement>('button')
    if (!button) return
    event.preventDefault()
    this.stayPut()
    if (button.name === 'step') this.step(button)
    else if (button.name === 'id') this.takeAway(button)
    else if (button.classList.contains('clear')) void this.clear(button)
  }

  private tick(box: HTMLInputElement): void {
    this.stayPut()
    for (const row of rowsOf(this, box.value)) {
      row.classList.toggle('ticked', box.checked)
      const other = row.querySelector<HTMLInputElement>('input[name="done"]')
      if (other) other.checked = box.checked
    }
    this.entry(box.value).done = box.checked
    void this.send(box.value)
  }

  private step(button: HTMLButtonElement): void {
    const [id = '', delta = '0'] = button.value.split(':')
    const counts = rowsOf(this, id).flatMap(row => Array.from(row.querySelectorAll<HTMLElement>('.n')))
    const next = Number(counts[0]?.dataset.thousandths) + Number(delta)
    if (!(next > 0 && next <= 9_999_000)) return
    for (const count of counts) showCount(count, next)
    this.entry(id).delta += Number(delta)
    void this.send(id)
  }

  private takeAway(button: HTMLButtonElement): void {
    const row = rowOf(button)
    const entry = this.entry(button.value)
    if (entry.isGoing || !row) return
    entry.isGoing = true
    for (const one of rowsOf(this, button.value)) overlay(one, undefined, true)
    // So that the next one can be deleted with the same key.
    const next = neighbour(row)
    if (row.contains(document.activeElement)) focusRow(next)
    void this.send(button.value)
  }

  /** What was tapped before a login, or on a page that went before there was an answer. */
  private async sendKept(): Promise<void> {
    const { made, failed } = await sendKept(() => toast(say('list.js.kept'), 'info'))
    if (failed > 0) toast(say('list.js.keptFailed'), 'error')
    else if (made > 0) toast(say('list.js.keptSent'), 'success')
    else return
    await this.refresh()
  }

  /** Who logs out has done with the list: what was tapped is done before. */
  private readonly finishFirst = (event: Event): void => {
    if (this.pending.size === 0) return
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const look = () => {
      if (this.pending.size > 0) return void setTimeout(look, 100)
      sayKept(form)
      form.submit()
    }
    look()
  }

  /** The page goes: what waits behind another request is for the next one. What is on its way is kept already. */
  private readonly leave = (): void => {
    for (const [id, entry] of this.pending) {
      const { done, delta, isGoing, sent } = entry
      if (done !== undefined && done !== sent.done) writeLater(`${this.base}/marcar`, tickOf(id, done))
      if (delta !== sent.delta) writeLater(`${this.base}/quantidade`, { step: `${id}:${delta - sent.delta}` })
      if (isGoing && !sent.isGoing) writeLater(`${this.base}/apagar`, { id })
      // Should the browser show this page again, these are no longer its own.
      Object.assign(entry, sent)
    }
  }

  private entry(id: string): Pending {
    const entry = this.pending.get(id) ?? { isSending: false, ...nothing, sent: nothing }
    this.pending.set(id, entry)
    return entry
  }

  /** Until nothing is left to be sent of this item. */
  private async send(id: string): Promise<void> {
    const entry = this.entry(id)
    if (entry.isSending) return
    entry.isSending = true
    for (let isDone = true; isDone; ) {
      const { done, delta, isGoing } = entry
      entry.sent = { ...nothing, ...(isGoing ? { isGoing } : done === undefined ? { delta } : { done }) }
      if (isGoing) {
        await this.sendRemoval(id)
        break
      }
      if (done !== undefined) {
        // Without an answer what the finger did meanwhile is tried all the same.
        isDone = (await this.sendTick(id, done)) || entry.done !== done
        if (entry.done === done) entry.done = undefined
      } else if (delta !== 0) {
        isDone = await this.sendStep(id, delta)
        entry.delta -= delta
      } else break
    }
    this.pending.delete(id)
    this.refreshWhenQuiet()
  }

  private async sendTick(id: string, done: boolean): Promise<boolean> {
    const type = this.typeOf(id)
    const written = await this.write('marcar', tickOf(id, done), type)
    if (!written?.ok) return written?.isKept ?? false
    this.tell(say(done ? 'list.js.ticked' : 'list.js.unticked', { type }), written, id)
    return !(written.json.missing as unknown[] | undefined)?.length
  }

  private async sendStep(id: string, delta: number): Promise<boolean> {
    const type = this.typeOf(id)
    const written = await this.write('quantidade', { step: `${id}:${delta}` }, type)
    if (!written?.ok) return written?.isKept ?? false
    this.tell(say('list.js.counted', { type, amount: String(written.json.amount ?? '') }), written, id)
    return true
  }

  private async sendRemoval(id: string): Promise<boolean> {
    const type = this.typeOf(id)
    const written = await this.write('apagar', { id }, type)
    if (!written?.ok) {
      for (const row of rowsOf(this, id)) overlay(row, undefined, false)
      return false
    }
    for (const row of rowsOf(this, id)) row.classList.add('gone')
    this.tell(say('list.js.removed', { type }), written, id)
    return true
  }

  private async clear(button: HTMLButtonElement): Promise<void> {
    if (button.getAttribute('aria-disabled') === 'true') return
    button.setAttribute('aria-disabled', 'true')
    const before = button
    const rows = Array.from(this.querySelectorAll<HTMLInputElement>('.done input[name="done"]')).filter(
      box => box.checked
    )
    const seen = rows.map(box => `${box.value}:${rowOf(box)?.getAttribute('data-version') ?? ''}`).join()
    const written = await this.write('limpar', { was: seen }, say('list.basket'))
    button.setAttribute('aria-disabled', 'false')
    if (!written?.ok) return
    const removed = (written.json.removed as unknown[] | undefined)?.length ?? 0
    this.tell(say('list.js.cleared', { count: removed }), written)
    this.quietAt = 0
    await this.refresh()
    keepFocus(this, before)
  }

  /** What was not done, or is kept for after a login, has been said. */
  private async write(action: string, body: object, type: string): Promise<Written | undefined> {
    const written = await write(`${this.base}/${action}`, body, () => toast(say('list.js.waiting', { type }), 'info'))
    if (!written) toast(say('list.js.unknown', { type }), 'error')
    else if (written.isKept) toast(say('list.js.kept'), 'info')
    else if (!written.ok) toast(String(written.json.message || say('list.js.notDone', { type })), 'error')
    return written
  }

  /** @param text unless the server knows more */
  private tell(text: string, { json }: Written, id?: string): void {
    const { version, message, removedBy } = json
    // Nothing was done to what somebody took off the list: that can be taken back.
    const change = version ?? removedBy
    toast(
      typeof message === 'string' ? message : text,
      version === undefined ? 'info' : 'success',
      typeof change === 'number' ? () => this.undo(change, id) : undefined
    )
  }

  /** Takes a change back. Who pressed the button, which is gone then, goes on at the item, if it was about one. */
  async undo(version: number, id?: string): Promise<void> {
    const written = await write(`${this.base}/anular`, { version })
    if (!written) return toast(say('list.js.unknown', { type: say('list.js.undo') }), 'error')
    if (written.isKept) return toast(say('list.js.kept'), 'info')
    toast(String(written.json.message ?? ''), written.ok ? 'success' : 'info')
    this.quietAt = 0
    await this.refresh()
    if (document.activeElement !== document.body) return
    const box = id ? rowsOf(this, id)[0]?.querySelector('input') : undefined
    if (box) box.focus({ preventScroll: true })
    else keepFocus(this, this)
  }

  private get base(): string {
    return this.getAttribute('base') ?? ''
  }

  private typeOf(id: string): string {
    return rowsOf(this, id)[0]?.querySelector('.i')?.textContent ?? ''
  }
}

const nothing: Asked = { done: undefined, delta: 0, isGoing: false }

const tickOf = (id: string, done: boolean) => (done ? { done: [id], open: [] } : { done: [], open: [id] })

/** What may be bought in several shops has a row in each. */
const rowsOf = (list: ParentNode, id: string): Element[] => Array.from(list.querySelectorAll(`[data-item="${id}"]`))

const rowOf = (target: EventTarget | null): Element | null => (target as Element | null)?.closest('li') ?? null

const neighbour = (row: Element): Element | null => {
  const rows = Array.from(document.querySelectorAll('item-list li:not(.going)'))
  const all = Array.from(document.querySelectorAll('item-list li'))
  const at = all.indexOf(row)
  return rows.find(other => all.indexOf(other) > at) ?? rows[rows.length - 1] ?? null
}

/** The same control in another row, or its box. */
function focusRow(row: Element | null): void {
  const seen = Array.from(row?.querySelectorAll<HTMLElement>('button.x, input') ?? []).filter(it => it.offsetParent)
  seen[seen.length - 1]?.focus({ preventScroll: true })
}

/** Moved rows lose the focus in some browsers. */
function keepFocus(list: Element, focused: Element | null): void {
  if (!focused || (document.activeElement === focused && focused.isConnected)) return
  const id = rowOf(focused)?.id
  const row = id ? list.querySelector(`#${id}`) : null
  const same = row?.querySelector<HTMLElement>(focused.localName === 'input' ? 'input' : '.what a')
  const target = same ?? list.querySelector<HTMLElement>('#empty, li input')
  target?.focus({ preventScroll: true })
}

function overlay(row: Element, done: boolean | undefined, isGoing: boolean): void {
  row.classList.toggle('going', isGoing)
  for (const button of row.querySelectorAll('button')) button.setAttribute('aria-disabled', String(isGoing))
  if (done === undefined) return
  row.classList.toggle('ticked', done)
  row.querySelector('input')?.toggleAttribute('checked', done)
}

function showCount(count: HTMLElement, thousandths: number): void {
  count.dataset.thousandths = String(thousandths)
  const number = (thousandths / 1000).toLocaleString(document.documentElement.lang, {
    maximumFractionDigits: 3,
    useGrouping: false
  })
  if (count.firstChild) count.firstChild.nodeValue = number
}

declare global {
  interface HTMLElementTagNameMap {
    'item-list': ItemList
  }
}
customElements.define('item-list', ItemList)
