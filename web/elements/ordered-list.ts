/** Nearer than this to an edge of the window, what is dragged takes the page along. */
const edge = 70
const step = 14

/** Around a list whose rows have a form that moves them: a grip to drag each by. Its buttons do the same. */
class OrderedList extends HTMLElement {
  connectedCallback(): void {
    if (this.querySelector('.grip')) return
    for (const row of this.rows()) {
      const grip = document.createElement('span')
      Object.assign(grip, { className: 'grip', textContent: '⠿' })
      grip.setAttribute('aria-hidden', 'true')
      grip.addEventListener('pointerdown', event => this.drag(row, event))
      row.prepend(grip)
    }
  }

  private rows(): HTMLLIElement[] {
    return Array.from(this.querySelectorAll<HTMLLIElement>('li'))
  }

  private drag(row: HTMLLIElement, start: PointerEvent): void {
    if (!start.isPrimary || start.button !== 0) return
    start.preventDefault()
    const before = row.nextElementSibling
    row.classList.add('dragged')

    const follow = ({ clientY, pointerId }: PointerEvent) => {
      if (pointerId !== start.pointerId) return
      if (clientY < edge) scrollBy(0, -step)
      if (clientY > innerHeight - edge) scrollBy(0, step)
      const below = this.rows().find(other => {
        const { top, height } = other.getBoundingClientRect()
        return other !== row && clientY < top + height / 2
      })
      const next = below ?? null
      if (row.nextElementSibling !== next) row.parentElement?.insertBefore(row, next)
    }
    const end = ({ type, pointerId }: PointerEvent) => {
      if (pointerId !== start.pointerId) return
      document.removeEventListener('pointermove', follow)
      document.removeEventListener('pointerup', end)
      document.removeEventListener('pointercancel', end)
      row.classList.remove('dragged')
      if (type === 'pointercancel') row.parentElement?.insertBefore(row, before)
      else if (row.nextElementSibling !== before) this.send(row)
    }
    // Not on the grip: a row that changes its place loses what captured the pointer.
    document.addEventListener('pointermove', follow)
    document.addEventListener('pointerup', end)
    document.addEventListener('pointercancel', end)
  }

  /** As one of its buttons would. */
  private send(row: HTMLLIElement): void {
    const form = row.querySelector('form')
    if (!form) return
    const next = row.nextElementSibling?.querySelector<HTMLInputElement>('input[name="name"]')
    const where = document.createElement('input')
    Object.assign(where, next ? { name: 'before', value: next.value } : { name: 'end', value: '1' }, { type: 'hidden' })
    form.append(where)
    form.submit()
  }
}

customElements.define('ordered-list', OrderedList)
