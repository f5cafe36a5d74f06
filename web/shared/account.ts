/** Whose page this is. */
export const accountOfPage = (): string => document.body.dataset.account ?? ''

/** The server takes no longer one along, as balancers refuse it. */
const maxKept = 3_900

/**
 * Signed out meanwhile: afterwards this page comes back, with what was typed into a form that adds. `isKept`: what was tapped
 * waits in this tab for the login, which says so, or could not be kept, which it says, too.
 */
export function signIn(isKept?: boolean): void {
  let here = location.pathname + location.search
  // A quantity alone is there from the beginning.
  const isFilled = (form: HTMLFormElement) =>
    Array.from(
      form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(
        '.field input:not([inputmode="decimal"]), .field textarea'
      )
    ).some(input => input.value)
  const form = Array.from(document.querySelectorAll<HTMLFormElement>('add-item form')).find(isFilled)
  if (form) {
    here = `${form.getAttribute('action')}?`
    for (const [name, value] of Object.entries(fieldsOf(form))) {
      const longer = `${here}${here.endsWith('?') ? '' : '&'}${new URLSearchParams({ [name]: value })}`
      if (name !== 'csrf_token' && longer.length <= maxKept) here = longer
    }
  }
  location.assign(`/login?${isKept === undefined ? '' : `kept=${Number(isKept)}&`}next=${encodeURIComponent(here)}`)
}

/** A refusal may bring a new form token, which every form of the page then has. */
export function takeToken(token: unknown): void {
  if (typeof token !== 'string') return
  for (const input of document.querySelectorAll<HTMLInputElement>('input[name="csrf_token"]')) input.value = token
}

/** What a form would send. No form here has files. */
export const fieldsOf = (form: HTMLFormElement): Record<string, string> =>
  Object.fromEntries(new FormData(form)) as Record<string, string>
