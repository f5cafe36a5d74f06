import { fieldsOf, signIn, takeToken } from '../shared/account.ts'
import { ask, readJson } from '../shared/ask.ts'
import { get, make } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'
import { toast } from './toast-region.ts'

const withinMs = 10_000
const writeForMs = 120_000
/** Sooner, nobody has to be told that it takes time. */
const slowMs = 400

type TypedField = HTMLInputElement | HTMLTextAreaElement

/** Around the form that adds: sends without a reload, repeats under the same key, and keeps what was typed until it is safe. */
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
    addEventListener('pageshow', this.renewKey)
  }

  disconnectedCallback(): void {
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

  private input(name: string): HTMLInputElement {
    return get(this, `input[name="${name}"]`)
  }

  /** Back to a page kept in memory: its key may have been used. */
  private readonly renewKey = ({ persisted }: PageTransitionEvent): void => {
    if (persisted && !this.isSending && !this.isUnsettled) this.input('operation').value = mintKey()
  }

  private async send(): Promise<void> {
    if (this.isSending) return
    // Taken once: every repetition carries the same words under the same key.
    const body = new URLSearchParams(fieldsOf(this.form))
    this.setSending(true)
    const slow = setTimeout(() => this.showState(say('list.js.adding')), slowMs)
    const answer = await ask(this.form.getAttribute('action') ?? '', {
      method: 'POST',
      headers: { accept: 'application/json' },
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
    if (answer.ok) return this.finish((body.get('product_type') ?? '').trim(), result.status === 'already')
    takeToken(result.csrfToken)
    if (typeof result.operation === 'string') this.input('operation').value = result.operation
    const isShown = this.showErrors((result.fields ?? {}) as Record<string, string>)
    this.showState(isShown ? '' : String(result.message ?? say('list.js.failed')), true)
  }

  private async finish(type: string, wasThere: boolean): Promise<void> {
    this.showErrors({})
    this.showState('')
    for (const input of this.inputs) input.value = input.name === 'quantity' ? '1' : ''
    this.input('operation').value = mintKey()
    this.inputs[0]?.focus()
    toast(say(wasThere ? 'flash.alreadyAdded' : 'flash.added', { type }), 'success')
    await document.querySelector('item-list')?.showNewest()
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
      get(this, `#e-${input.name}`).textContent = errors[input.name] ?? ''
      if (wrong.includes(input)) {
        input.setAttribute('aria-invalid', 'true')
        input.setAttribute('aria-describedby', `e-${input.name}`)
      } else {
        input.removeAttribute('aria-invalid')
        input.removeAttribute('aria-describedby')
      }
    }
    wrong[0]?.focus()
    return wrong.length > 0
  }
}

/** A UUID by hand: `crypto.randomUUID` does not exist on plain http, where this is often served. */
function mintKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

customElements.define('add-item', AddItem)
