import { signIn } from '../shared/account.ts'
import { ask } from '../shared/ask.ts'
import { get, make, parsePage } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'

const withinMs = 60_000
const forMs = 180_000
/** As the server keeps it. */
const side = 1600
const quality = 0.85

/**
 * Around the form that adds a picture: makes it small before it is sent, and sends it again under the same key until there is
 * an answer, which is the page itself.
 */
class PictureForm extends HTMLElement {
  private isSending = false

  connectedCallback(): void {
    this.addEventListener('submit', event => {
      event.preventDefault()
      void this.send()
    })
  }

  private get input(): HTMLInputElement {
    return get<HTMLInputElement>(this, 'input[type="file"]')
  }

  private async send(): Promise<void> {
    if (this.isSending) return
    this.setSending(true)
    const form = get<HTMLFormElement>(this, 'form')
    const { input } = this
    const chosen = input.files?.[0]
    this.showState(say('picture.js.shrinking'))
    const body = new FormData(form)
    if (chosen) body.set(input.name, await shrink(chosen), 'fotografia')
    this.showState(say('picture.js.sending'))
    const answer = await ask(form.getAttribute('action') ?? '', {
      method: 'POST',
      headers: { accept: 'text/html' },
      body,
      withinMs,
      forMs,
      onWait: () => this.showState(say('picture.js.retrying'))
    })
    this.setSending(false)
    if (!answer) return this.showState(say('picture.js.gaveUp'), true)
    if (answer.isSignedOut) {
      // After the login, the page says that it has to be chosen again.
      history.replaceState(null, '', '?escolher=1')
      return signIn()
    }
    this.showPage(answer.text, input)
  }

  /** What came is the page after it, or the same one with what is wrong. What was chosen stays chosen. */
  private showPage(html: string, input: HTMLInputElement): void {
    const page = parsePage(html)
    const main = page.getElementById('main')
    if (!main) {
      location.reload()
      return
    }
    document.title = page.title
    const isWrong = main.querySelector('.wrong:not(:empty)') !== null
    document.getElementById('main')?.replaceWith(main)
    const fresh = main.querySelector<HTMLInputElement>(`input[name="${input.name}"]`)
    if (isWrong && fresh && input.files) fresh.files = input.files
    const target = isWrong ? main.querySelector<HTMLElement>('.summary') : main
    target?.focus()
  }

  private setSending(isSending: boolean): void {
    this.isSending = isSending
    get(this, '.send').setAttribute('aria-disabled', String(isSending))
  }

  private showState(text: string, isWrong = false): void {
    get(this, '.state').replaceChildren(make('p', isWrong ? 'wrong' : '', text))
  }
}

/** A JPEG of the size that is kept, upright; as it is where the browser cannot read it, or it is small already. */
async function shrink(file: File): Promise<Blob> {
  try {
    // Not where a browser is too old for it, or does not know the format: the server does it then, or says what is wrong.
    const image = await createImageBitmap(file, { imageOrientation: 'from-image' })
    const scale = Math.min(1, side / Math.max(image.width, image.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(image.width * scale))
    canvas.height = Math.max(1, Math.round(image.height * scale))
    const context = canvas.getContext('2d')
    if (!context) return file
    context.fillStyle = '#fff'
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.drawImage(image, 0, 0, canvas.width, canvas.height)
    const small = await new Promise<Blob | null>(resolve => canvas.toBlob(resolve, 'image/jpeg', quality))
    return small && (scale < 1 || small.size < file.size) ? small : file
  } catch {
    return file
  }
}

customElements.define('picture-form', PictureForm)
