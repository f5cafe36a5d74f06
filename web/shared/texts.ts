import type { pt } from '../../src/i18n/pt.ts'
import { isolated } from '../../src/text.ts'

export type MessageKey = keyof typeof pt

let texts: Partial<Record<MessageKey, string>> | undefined

/** The page's own texts, which it carries in its language, with their `{…}` left in. */
export function say(key: MessageKey, params: Record<string, unknown> = {}): string {
  texts ??= JSON.parse(document.getElementById('texts')?.textContent ?? '{}') as Partial<Record<MessageKey, string>>
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => isolated(String(params[name] ?? whole)))
}
