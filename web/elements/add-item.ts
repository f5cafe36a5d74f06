import { accountOfPage, fieldsOf, signIn, takeToken } from '../shared/account.ts'
import { ask, readJson } from '../shared/ask.ts'
import { get, make } from '../shared/dom.ts'
import { mintKey } from '../shared/keys.ts'
import { say } from '../shared/texts.ts'
import { toast } from './toast-region.ts'

const withinMs = 10_000
const writeForMs = 120_000
/** Sooner, nobody has to be told that it takes time. */
const slowMs = 400

type TypedField = HTMLInputElement | HTMLTextAreaElement

/** Around a form that adds: sends without a reload, repeats under the same key, and keeps what was typed until it is safe. */
class AddItem extends HTMLElement {
  private isSending = false
  /** The last try ended without an answer: the same key has to be used again, or the item could be added twice. */
  private isUnsettled = false
  private sendLabel = ''

  connectedCallback(): void {
    this.sendLabel = this.sendButton.textContent ?? ''
    this.addEventListener('submit', event => {
      event.preventDefault()
      void this.send()
    })
    this.addEventListener('keydown', this.sendByKey)
    addEventListener('pageshow', this.renewKey)
  }

  disconnectedCallback(): void {
    this.removeEventListener('keydown', this.sendByKey)
    removeEventListener('pageshow', this.renewKey)
  }

  private get form(): HTMLFormElement {
    return get(this, 'form')
  }

  private get sendButton(): HTMLButtonElement {
    return get(this, '.send')
  }

  private get inputs(): NodeListOf<TypedField> {
    return this.querySelectorAll<TypedField>('.field input, .field textarea')
  }

  private get key(): HTMLInputElement {
    return get(this, 'input[name="operation"]')
  }

  /** Back to a page kept in memory: its key may have been used. */
  private readonly renewKey = ({ persisted }: PageTransitionEvent): void => {
    if (persisted && !this.isSending && !this.isUnsettled) this.key.value = mintKey()
  }

  /** Where a telephone's key says "send" it does, also in a field of several lines; with Shift it begins another line. */
  private readonly sendByKey = (event: KeyboardEvent): void => {
    const { target, key, isComposing, repeat } = event
    if (!(target instanceof HTMLTextAreaElement) || target.enterKeyHint !== 'send') return
    if (key !== 'Enter' || isComposing || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    if (!repeat) void this.send()
  }

  private async send(): Promise<void> {
    if (this.isSending) return
    // Taken once: every repetition carries the same words under the same key.
    const body = new URLSearchParams(fieldsOf(this.form))
    this.setSending(true)
    const slow = setTimeout(() => this.showState(say('list.js.adding')), slowMs)
    const answer = await ask(this.form.getAttribute('action') ?? '', {
      method: 'POST',
      headers: { accept: 'application/json', 'x-account': accountOfPage() },
      body,
      withinMs,
      forMs: writeForMs,
      onWait: () => {
        clearTimeout(slow)
        this.showState(say('list.js.retrying'))
      }
    })
    clearTimeout(slow)
    this.setSending(false)
    this.isUnsettled = !answer
    this.sendButton.textContent = answer ? this.sendLabel : say('list.js.retry')
    if (!answer) return this.showState(say('list.js.gaveUp'), true)
    if (answer.isSignedOut) return signIn()

    const result = readJson(answer)
    if (answer.ok) return this.finish(result)
    takeToken(result.csrfToken)
    if (typeof result.operation === 'string') this.key.value = result.operation
    const isShown = this.showErrors((result.fields ?? {}) as Record<string, string>)
    this.showState(isShown ? '' : String(result.message ?? say('list.js.failed')), true)
  }

  private async finish({ message, version }: Record<string, unknown>): Promise<void> {
    this.showErrors({})
    this.showState('')
    this.form.reset()
    // The other form had the same one.
    for (const key of document.querySelectorAll<HTMLInputElement>('add-item input[name="operation"]')) {
      key.value = mintKey()
    }
    this.inputs[0]?.focus()
    this.dispatchEvent(new CustomEvent('item-added', { bubbles: true }))
    const list = document.querySelector('item-list')
    toast(String(message), 'success', list && typeof version === 'number' ? () => list.undo(version) : undefined)
    await list?.showNewest()
  }

  private setSending(isSending: boolean): void {
    this.isSending = isSending
    this.sendButton.setAttribute('aria-disabled', String(isSending))
    for (const input of this.inputs) input.readOnly = isSending
  }

  private showState(text: string, isWrong = false): void {
    get(this, '.state').replaceChildren(...(text ? [make('p', isWrong ? 'wrong' : '', text)] : []))
  }

  /** True if there was something to show, at its field. */
  private showErrors(errors: Record<string, string>): boolean {
    this.querySelector('.summary')?.remove()
    const wrong = [...this.inputs].filter(input => errors[input.name])
    for (const input of this.inputs) {
      const isWrong = wrong.includes(input)
      const error = get(this, `#e-${input.name}`)
      error.textContent = errors[input.name] ?? ''
      const told = [this.querySelector(`#h-${input.name}`), isWrong && error].flatMap(it => (it ? it.id : []))
      for (const [name, value] of [
        ['aria-invalid', isWrong ? 'true' : ''],
        ['aria-describedby', told.join(' ')]
      ] as const) {
        if (value) input.setAttribute(name, value)
        else input.removeAttribute(name)
      }
    }
    wrong[0]?.focus()
    return wrong.length > 0
  }
}

customElements.define('add-item', AddItem)
