import { isAnythingKept } from './kept.ts'

/** The forms that end a session here: their answers empty the storage, unless the form says that taps wait in this tab. */
const ENDS = ['/logout', '/conta/apagar']

export function sayKept(form: HTMLFormElement): void {
  form.querySelector('input[name="kept"]')?.remove()
  if (!isAnythingKept()) return
  const field = document.createElement('input')
  form.append(Object.assign(field, { type: 'hidden', name: 'kept', value: '1' }))
}

addEventListener('submit', ({ target }) => {
  const form = target as HTMLFormElement
  if (ENDS.includes(form.getAttribute('action') ?? '')) sayKept(form)
})

/** What the login says of it, where that is no longer so. */
const promise = document.querySelector<HTMLElement>('[data-gone]')
if (promise && !isAnythingKept()) promise.textContent = promise.dataset.gone ?? ''
