import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Reply } from './requests.ts'

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

export function decodeHtml(html: string): string {
  return html.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (/^#x/i.test(name)) return String.fromCodePoint(Number.parseInt(name.slice(2), 16))
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)))
    return entities[name] ?? whole
  })
}

export type Attributes = Record<string, string>

/** The start tags of one kind, each as its decoded attributes. */
export function findTags(html: string, tag: string): Attributes[] {
  return [...html.matchAll(new RegExp(`<${tag}\\b((?:[^>"']|"[^"]*"|'[^']*')*)>`, 'gi'))].map(([, inside = '']) => {
    const found: Attributes = {}
    for (const [, name = '', double, single, bare] of inside.matchAll(
      /([^\s=/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g
    )) {
      found[name.toLowerCase()] = decodeHtml(double ?? single ?? bare ?? '')
    }
    return found
  })
}

/** The first input of that name, as its attributes. */
export function findInput(html: string, name: string): Attributes | undefined {
  return findTags(html, 'input').find(input => input.name === name)
}

/**
 * The style sheet that a page has in itself. Fails where a browser would not take it, or would take something else, and where
 * a script stands in the page.
 */
export function inPage({ text, headers }: Pick<Reply, 'text' | 'headers'>): { styles: string } | undefined {
  const [styles, ...others] = [...text.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, inside = '']) => inside)
  assert.deepEqual(others, [])
  const policy = String(headers['content-security-policy'])
  const named = (kind: string) => new RegExp(` ${kind}-src ([^;]*)`).exec(policy)?.[1]
  const hash = (inside: string) => `'self' 'sha256-${createHash('sha256').update(inside).digest('base64')}'`
  assert.equal(named('style'), styles && hash(styles))
  assert.equal(named('script'), undefined)
  assert.doesNotMatch(policy, /unsafe/)
  for (const { src, type } of findTags(text, 'script'))
    assert.ok(src || type === 'application/json', 'a script in a page')
  return styles === undefined ? undefined : { styles }
}

/** What a person reads: the page without its tags. */
export function visibleText(html: string): string {
  const body = html.replace(/<(script|style|head)\b[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ')
  return decodeHtml(body).replace(/\s+/g, ' ')
}

/** The texts that a page hands its scripts, by their keys. */
export function scriptTexts(html: string): Record<string, string> {
  const [, json = '{}'] = /<script type="application\/json" id="texts">(.*?)<\/script>/s.exec(html) ?? []
  return JSON.parse(json)
}
