/** What we use of it: the package has no types of its own. */
declare module 'idiomorph' {
  export const Idiomorph: {
    /** Makes `oldNode` like `newNode`, and keeps what both have: elements, the focus, where it is scrolled to. */
    morph(oldNode: Element, newNode: Element, options?: { morphStyle?: 'outerHTML' | 'innerHTML' }): unknown
  }
}
