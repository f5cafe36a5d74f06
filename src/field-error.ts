import type { MessageKey, Params } from './i18n/catalogue.ts'

/** What is wrong with a field: a catalogue key and its parameters. */
export interface FieldError {
  key: MessageKey
  params?: Params
}

export type Field<V> = { value: V; error?: undefined } | { value?: undefined; error: FieldError }

export const fail = (key: MessageKey, params?: Params): { error: FieldError } => ({
  error: params ? { key, params } : { key }
})
