/** Around the field of a quantity: buttons for thumbs, and the arrow keys, between its limits. */
class QuantityStepper extends HTMLElement {
  connectedCallback(): void {
    if (this.querySelector('.step')) return
    this.prepend(this.button(-1, '−'))
    this.append(this.button(1, '+'))
    this.addEventListener('keydown', event => {
      if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
      event.preventDefault()
      this.step(event.key === 'ArrowUp' ? 1 : -1)
    })
  }

  private step(by: number): void {
    const input = this.querySelector('input')
    if (!input) return
    // What is behind the comma stays; `1/2` and the like are for who wrote them.
    const [, ones, rest = ''] = /^\s*(\d*)([.,]\d*)?\s*$/.exec(input.value) ?? []
    if (ones === undefined) return
    const next = Number(ones) + by
    const value = next + Number(`0${rest.replace(',', '.')}`)
    if (value > 0 && value <= Number(input.dataset.max)) input.value = next + rest
  }

  /** Not reached by keyboard or screen reader, which have the field itself. */
  private button(by: number, sign: string): HTMLButtonElement {
    const button = document.createElement('button')
    Object.assign(button, { type: 'button', className: 'step', textContent: sign, tabIndex: -1 })
    button.dataset.step = String(by)
    button.setAttribute('aria-hidden', 'true')
    button.addEventListener('click', () => this.step(by))
    return button
  }
}

customElements.define('quantity-stepper', QuantityStepper)
