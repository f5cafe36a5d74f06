import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isAtLeast } from '../../src/release.ts'
import { knownMigrations, readMigration } from '../../src/store/migration-files.ts'
import { judgeSchema } from '../../src/store/schema-window.ts'

const step = (version: number, text = '') => readMigration(`000${version}-step.sql`, text)

describe('a release', () => {
  test('is compared by the rules of semantic versions, pre-releases too', () => {
    const rising = [
      '0.1.0',
      '0.2.0-alpha',
      '0.2.0-alpha.1',
      '0.2.0-alpha.beta',
      '0.2.0-beta.2',
      '0.2.0-beta.11',
      '0.2.0-rc.1',
      '0.2.0',
      '0.2.10',
      '0.10.0',
      '1.0.0'
    ]
    for (const [i, one] of rising.entries()) {
      for (const [j, other] of rising.entries()) assert.equal(isAtLeast(one, other), i >= j, `${one} and ${other}`)
    }
    assert.ok(isAtLeast('0.2.0+build.7', '0.2.0'))
    assert.ok(isAtLeast('0.2.0', '0.2.0+build.7'))
  })

  test('that is none is older than any', () => {
    for (const odd of ['', 'next', '0.2', '1', 'latest']) assert.equal(isAtLeast(odd, '0.0.1'), false, odd)
  })
})

describe("a migration's first comment", () => {
  test('says what it is and whom it serves', () => {
    const { kind, serves, statements } = step(7, '-- contract\n-- serves: 0.2.0-rc.1\n-- Why.\ndrop table a;\n')
    assert.deepEqual(
      { kind, serves, statements },
      { kind: 'contract', serves: '0.2.0-rc.1', statements: ['drop table a'] }
    )
  })

  test('says nothing of either: needed, and for no older release', () => {
    for (const text of ['', '-- A list.\ncreate table a (b int);\n', 'select 1;\n-- contract\n-- serves: 0.2.0\n']) {
      const { kind, serves } = step(7, text)
      assert.deepEqual({ kind, serves }, { kind: 'expand', serves: null })
    }
  })

  test('that says it wrongly is refused, and so is a contract step for everybody', () => {
    for (const text of [
      '-- serves: 0.2',
      '-- serves 0.2.0',
      '-- Serves: 0.2.0',
      '-- serves: 0.2.0, 0.3.0',
      '-- contract'
    ]) {
      assert.throws(() => step(7, `${text}\n`), /0007-step\.sql: /, text)
    }
  })

  test('says the same for every database', () => {
    const about = (folder: string) => knownMigrations(folder).map(({ name, kind, serves }) => ({ name, kind, serves }))
    assert.ok(about('mysql').length > 3)
    assert.deepEqual(about('postgres'), about('mysql'))
    assert.deepEqual(about('sqlite'), about('mysql'))
  })
})

describe('a schema', () => {
  const known = [step(1), step(2, '-- serves: 0.1.0\n'), step(3, '-- contract\n-- serves: 0.2.0\n')]
  const applied = (...steps: [number, string | null][]) =>
    steps.map(([version, serves]) => ({ version, name: `step ${version}`, serves }))

  test('is served when all is there that the release needs, whatever it would still take away', () => {
    assert.equal(judgeSchema(known, applied([1, null], [2, '0.1.0'], [3, '0.2.0']), '0.2.0').problem, undefined)
    const held = judgeSchema(known, applied([1, null], [2, '0.1.0']), '0.2.0')
    assert.deepEqual(held, { found: 2, known: 3, problem: undefined, uncontracted: ['0003-step'] })
    assert.match(
      String(judgeSchema(known, applied([1, null]), '0.2.0').problem),
      /needs 0002-step: run carrinho migrate/
    )
    assert.match(String(judgeSchema(known, [], '0.2.0').problem), /version 0.*0001-step, 0002-step/)
    // Not the newest number counts, but what is there: two branches may have come together.
    assert.match(String(judgeSchema(known, applied([2, '0.1.0'], [3, '0.2.0']), '0.2.0').problem), /needs 0001-step/)
  })

  test('of a newer release is served as far as each of its steps says', () => {
    const ours = applied([1, null], [2, '0.1.0'], [3, '0.2.0'])
    const problem = (...further: [number, string | null][]) =>
      judgeSchema(known, [...ours, ...applied(...further)], '0.2.0').problem
    for (const serves of ['0.1.0', '0.2.0-rc.1', '0.2.0']) assert.equal(problem([4, serves]), undefined, serves)
    for (const serves of ['0.2.1-alpha', '0.3.0', null, 'nonsense']) {
      assert.match(String(problem([4, serves])), /step 4 serves .*: use a newer carrinho than 0\.2\.0/, String(serves))
      // One that serves it does not make up for one that does not.
      assert.notEqual(problem([4, serves], [5, '0.1.0']), undefined)
      assert.notEqual(problem([4, '0.1.0'], [5, serves]), undefined)
    }
    assert.equal(judgeSchema(known, [...ours, ...applied([4, '0.2.0'])], '0.2.0-rc.1').problem?.includes('newer'), true)
  })
})
