import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pt } from '../src/i18n/pt.ts'
import { root } from './helper.ts'

test('a text’s key is one feature’s alone: another’s text would stand in its place', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(path =>
    path.endsWith('.pt.ts')
  )
  const keys = files.flatMap(path =>
    [...readFileSync(join(root, 'src', path), 'utf8').matchAll(/^ {2}'?([\w.-]+)'?:/gm)].map(([, key]) => key)
  )
  assert.ok(files.length > 5)
  assert.deepEqual(
    keys.filter((key, index) => keys.indexOf(key) !== index),
    []
  )
  assert.deepEqual(keys.sort(), Object.keys(pt).sort())
})
