import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { oneAtATime, takeTurns } from '../../src/features/accounts/turns.ts'

/** Work that runs until it is told to end. */
function piece(log: string[], name: string) {
  let end: () => void = () => {}
  const ended = new Promise<void>(resolve => {
    end = resolve
  })
  const run = async () => {
    log.push(name)
    await ended
    return name
  }
  return { run, end: () => end() }
}

const settle = () => new Promise(resolve => setImmediate(resolve))

describe('turns', () => {
  test('no more run at a time than there are places, and each gets its turn', async () => {
    const inTurn = takeTurns(3)
    let running = 0
    let most = 0
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        inTurn('a', async () => {
          running++
          most = Math.max(most, running)
          await settle()
          running--
          return at
        })
      )
    )
    assert.equal(most, 3)
    assert.deepEqual(results, [...results.keys()])
  })

  test('a crowd of one kind makes another wait for one of them at most', async () => {
    const inTurn = takeTurns(1)
    const log: string[] = []
    const crowd = Array.from({ length: 200 }, (_, at) => piece(log, `crowd ${at}`))
    const all = crowd.map(({ run }) => inTurn('signup', run))
    const logins = Array.from({ length: 5 }, (_, at) => piece(log, `login ${at}`))
    all.push(...logins.map(({ run }) => inTurn('login', run)))
    for (const { end } of [...crowd, ...logins]) end()
    await Promise.all(all)
    const places = logins.map((_, at) => log.indexOf(`login ${at}`))
    assert.deepEqual(places, [2, 4, 6, 8, 10])
    assert.equal(new Set(log).size, 205)
  })

  test('whose queue is full is told so at once, and the other kinds are not', async () => {
    const inTurn = takeTurns(1)
    const log: string[] = []
    const first = piece(log, 'first')
    const all: Promise<unknown>[] = [inTurn('a', first.run)]
    for (let at = 0; at < 200; at++) all.push(inTurn('a', settle))
    await assert.rejects(inTurn('a', settle), { code: 'busy' })
    all.push(inTurn('b', settle))
    first.end()
    await Promise.all(all)
    assert.equal(await inTurn('a', async () => 'free again'), 'free again')
  })

  test('work that fails gives its place on', async () => {
    const inTurn = takeTurns(1)
    await assert.rejects(
      inTurn('a', async () => {
        throw new Error('it failed')
      }),
      /it failed/
    )
    assert.equal(await inTurn('b', async () => 7), 7)
  })

  test('work under one key runs in its order, beside that of others', async () => {
    const inTurn = oneAtATime()
    const log: string[] = []
    const [first, second, other] = [piece(log, 'first'), piece(log, 'second'), piece(log, 'other')]
    const all = [inTurn('a', first.run), inTurn('a', second.run), inTurn('b', other.run)]
    await settle()
    assert.deepEqual(log, ['first', 'other'])
    first.end()
    await all[0]
    await settle()
    assert.deepEqual(log, ['first', 'other', 'second'])
    second.end()
    other.end()
    await Promise.all(all)
  })
})
