import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ports = fileURLToPath(new URL('../scripts/ports.mjs', import.meta.url))
/** More than a block has, some at once; told while all of them still run. */
const TAKE = `
  const { freePort } = await import(${JSON.stringify(ports)})
  const taken = []
  for (let n = 0; n < 30; n++) taken.push(...(await Promise.all([1, 2, 3, 4, 5].map(freePort))))
  console.log(taken.join(' '))
  await new Promise(resolve => setTimeout(resolve, 1_000_000))
`

test('no two processes of tests, nor two tests of one, are given the same port', async t => {
  const lists = await Promise.all(
    [1, 2, 3, 4].map(
      () =>
        new Promise<string[]>((resolve, reject) => {
          const child = spawn(process.execPath, ['--input-type=module', '-e', TAKE])
          t.after(() => child.kill('SIGKILL'))
          let said = ''
          child.stdout.setEncoding('utf8').on('data', chunk => {
            said += chunk
            if (said.endsWith('\n')) resolve(said.trim().split(' '))
          })
          child.once('exit', () => reject(new Error('it ended')))
        })
    )
  )
  const taken = lists.flat()
  assert.equal(taken.length, 600)
  assert.equal(new Set(taken).size, taken.length)
})
