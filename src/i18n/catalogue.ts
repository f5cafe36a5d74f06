import type { pt } from './pt.ts'

/** A text; `{name}` in it is a parameter. A pair is chosen by the parameter `count`. */
export type Message = string | { readonly one: string; readonly other: string }
/** The same keys in another language. */
export type Texts<Portuguese> = { readonly [K in keyof Portuguese]: Message }

export type Params = Record<string, string | number>
export type MessageKey = keyof typeof pt
export type Catalogue = Texts<typeof pt>
