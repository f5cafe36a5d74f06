import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scriptTexts, translator } from '../../src/i18n/index.ts'
import { root } from '../helper.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** The keys that the scripts of a folder say, `cluster.js.${…}` as `cluster.js.`. */
const saidIn = (folder: string): string[] =>
  readdirSync(join(root, folder)).flatMap(name =>
    [...read(`${folder}/${name}`).matchAll(/['`]((?:list|flash|resend|cluster)\.[\w.]+)/g)].map(([, key = '']) => key)
  )

/** What a page's template hands its scripts. */
const handedBy = (view: string): string[] => {
  const [, starts = ''] = /scriptTexts\(\[(.*?)\]/.exec(read(`views/${view}.njk`)) ?? []
  return Object.keys(JSON.parse(scriptTexts(translator('pt'))(starts.match(/[\w.]+/g) ?? [])))
}

describe('the texts of scripts', () => {
  test('are on the pages whose scripts say them', () => {
    for (const [folder, ...views] of [
      ['web/elements', 'list', 'resend'],
      ['web/cluster', 'cluster']
    ] as const) {
      const handed = views.flatMap(handedBy)
      const said = saidIn(folder)
      assert.ok(said.length > 5)
      assert.deepEqual(
        said.filter(key => !handed.some(one => (key.endsWith('.') ? one.startsWith(key) : one === key))),
        []
      )
    }
  })

  test('cannot end the element that they are in', () => {
    const json = scriptTexts(key => `</script><script>alert('${key}')<!--`)(['list.js.'])
    assert.doesNotMatch(json, /</)
    assert.match(Object.values<string>(JSON.parse(json))[0] ?? '', /^<\/script><script>/)
  })

  test('are all there, or the server does not make the page', () => {
    assert.throws(() => scriptTexts(translator('pt'))(['list.jss.']), /list\.jss\./)
  })
})
