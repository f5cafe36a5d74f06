import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReadyParts } from '../../src/http/ready-parts.ts'

test('parts that are ready stand where they were put, as they are', () => {
  const ready = new ReadyParts()
  const [one, two] = ['<p>pão 🥖</p>', ''].map(text => ready.put(Buffer.from(text)))
  assert.equal(String(ready.fill(`é${two}${one}~0~·`)), 'é<p>pão 🥖</p>~0~·')
})

test('a part of another page changes nothing, and none is left out in silence', () => {
  const ready = new ReadyParts()
  const place = ready.put(Buffer.from('<p>'))
  assert.throws(() => ready.fill('nothing'), /not on it/)
  assert.throws(() => ready.fill(`${place}${place}`), /not on it/)
  assert.equal(String(new ReadyParts().fill('a page')), 'a page')
})
