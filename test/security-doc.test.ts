import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { root } from './helper.ts'

const file = join(root, 'docs/security.md')
const text = readFileSync(file, 'utf8')

/** Requirements of levels 1 and 2 in ASVS 5.0.0, by section; sections that only have some of level 3 lack the others. */
const SECTIONS: Record<string, number> = {
  '2.1': 3,
  '2.2': 3,
  '2.3': 4,
  '2.4': 1,
  '3.2': 2,
  '3.3': 4,
  '3.4': 6,
  '3.5': 5,
  '3.7': 2,
  '6.1': 3,
  '6.2': 12,
  '6.3': 4,
  '6.4': 4,
  '6.5': 5,
  '6.6': 3,
  '6.8': 4,
  '7.1': 3,
  '7.2': 4,
  '7.3': 2,
  '7.4': 5,
  '7.5': 2,
  '7.6': 2,
  '8.1': 2,
  '8.2': 3,
  '8.3': 1,
  '8.4': 1,
  '14.1': 2,
  '14.2': 4,
  '14.3': 3,
  '16.1': 1,
  '16.2': 5,
  '16.3': 4,
  '16.4': 3,
  '16.5': 3
}

const rows = [...text.matchAll(/^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+?) \| (.*?) ?\|$/gm)].map(
  ([, id = '', what = '', met = '', why = '']) => ({ id, what, met, why })
)

describe('docs/security.md', () => {
  test('answers each requirement once', () => {
    const expected = Object.entries(SECTIONS).flatMap(([section, count]) =>
      Array.from({ length: count }, (_, n) => `${section}.${n + 1}`)
    )
    assert.deepEqual(
      rows.map(({ id }) => id),
      expected
    )
  })

  test('counts its answers right, and says of each no what will change it', () => {
    const count = (met: string) => rows.filter(row => row.met === met).length
    assert.ok(text.includes(`${count('yes')} yes, ${count('no')} no, ${count('n/a')} not applicable.`))
    assert.equal(count('yes') + count('no') + count('n/a'), rows.length)
    for (const { id, met, why } of rows) if (met === 'no') assert.match(why, /^later: /, id)
  })

  test('names only files and headings that are there', () => {
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-')
    )
    for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
      const [path = '', heading] = target.split('#')
      if (path !== '') assert.ok(existsSync(join(dirname(file), path)), target)
      else assert.ok(headings.includes(String(heading)), target)
    }
    for (const [, path = ''] of text.matchAll(/`((?:src|test|docs|lab)\/[\w./-]+)`/g)) {
      assert.ok(existsSync(join(root, path)), path)
    }
  })
})
