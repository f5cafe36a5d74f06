import type { pt } from './pt.ts'

/** A text; `{name}` in it is a parameter. A pair is chosen by the parameter `count`. */
export type Message = string | { readonly one: string; readonly other: string }
/** The same keys in another language. */
export type Texts<Portuguese> = { readonly [K in keyof Portuguese]: Message }

export type Params = Record<string, string | number>
export type MessageKey = keyof typeof pt
export type Catalogue = Texts<typeof pt>

/** A message that is put into words where its reader's language is known. */
export interface Said {
  key: MessageKey
  params?: Params
  /** Further sentences. */
  also?: Said[] | undefined
}
