import { make, setText } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'

/** Around a text: buttons that copy it and, where the device can, hand it to another app. */
class ShareText extends HTMLElement {
  connectedCallback(): void {
    const area = this.querySelector('textarea')
    if (!area || this.querySelector('button')) return
    const said = make('p', 'hint')
    said.setAttribute('role', 'status')
    const actions = make('p', 'actions')
    if (typeof navigator.share === 'function') {
      const share = () => navigator.share({ title: this.title, text: area.value })
      // Who changes their mind has shared nothing, and knows it.
      actions.append(this.button('text.js.share', () => void share().catch(() => {})))
    }
    const copy = () =>
      copyText(area).then(
        () => setText(said, say('text.js.copied')),
        () => setText(said, say('text.js.notCopied'))
      )
    actions.append(this.button('text.js.copy', () => void copy()))
    this.append(actions, said)
  }

  private button(text: 'text.js.share' | 'text.js.copy', act: () => void): HTMLButtonElement {
    const button = make('button', '', say(text))
    button.type = 'button'
    button.addEventListener('click', act)
    return button
  }
}

/** Sites without TLS have no clipboard but the one of what is selected. */
async function copyText(area: HTMLTextAreaElement): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(area.value)
  area.select()
  if (!document.execCommand('copy')) throw new Error('not copied')
}

customElements.define('share-text', ShareText)
