export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  text = ''
): HTMLElementTagNameMap[Tag] {
  return Object.assign(document.createElement(tag), { className, textContent: text })
}

/** Only where it differs, so that a screen reader is not told again, nor the page laid out anew. */
export function setText(element: Element | null, text: string): void {
  if (element && element.textContent !== text) element.textContent = text
}

/** For what every page with this script has: without it, the page and its script are of different releases. */
export function get<E extends Element = HTMLElement>(within: ParentNode, selector: string): E {
  const found = within.querySelector<E>(selector)
  if (!found) throw new Error(`the page has no ${selector}`)
  return found
}

export const parsePage = (html: string): Document => new DOMParser().parseFromString(html, 'text/html')
