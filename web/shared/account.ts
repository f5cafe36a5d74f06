/** Signed out meanwhile: afterwards this page comes back, with what was typed into the form that adds. */
export function signIn(): void {
  let here = location.pathname + location.search
  const form = document.querySelector<HTMLFormElement>('add-item form')
  // A quantity alone is there from the beginning.
  const inputs = [...(form?.querySelectorAll<HTMLInputElement>('.field input:not([inputmode="numeric"])') ?? [])]
  if (form && inputs.some(input => input.value)) {
    const typed = new URLSearchParams(fieldsOf(form))
    typed.delete('csrf_token')
    here = `${form.getAttribute('action')}?${typed}`
  }
  location.assign(`/login?next=${encodeURIComponent(here)}`)
}

/** A refusal may bring a new form token, which every form of the page then has. */
export function takeToken(token: unknown): void {
  if (typeof token !== 'string') return
  for (const input of document.querySelectorAll<HTMLInputElement>('input[name="csrf_token"]')) input.value = token
}

/** What a form would send. No form here has files. */
export const fieldsOf = (form: HTMLFormElement): Record<string, string> =>
  Object.fromEntries(new FormData(form)) as Record<string, string>
