import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { foldName, type Suggestions, suggestionRules } from '../../src/features/suggestions/rules.ts'
import { scoreOf } from '../../src/features/suggestions/score.ts'
import { openStore, type Store } from '../../src/open-store.ts'
import { noEvents } from '../../src/store/events.ts'
import { migrate } from '../../src/store/migrate.ts'
import { type Engine, forEachEngine, freshDatabase, sessionSecret, suiteScope, type TestDatabase } from '../helper.ts'

const DAY_MS = 86_400_000
const now = Date.UTC(2026, 10, 27)

forEachEngine('remembered names', engine => {
  const scope = suiteScope()
  let database: TestDatabase
  let store: Store
  let suggestions: Suggestions
  const failures: unknown[] = []

  before(async () => {
    database = await freshDatabase(scope, engine)
    store = await openStore(readConfig({ ...database.env, SESSION_SECRET: sessionSecret }), noEvents)
    scope.after(() => store.dialect.close(0))
    await migrate(store.dialect)
    suggestions = suggestionRules(store, error => failures.push(error))
  })

  let lastAccount = 0
  const newAccountId = () => ++lastAccount
  const bought = (name: string, more: object = {}) => ({ name, shop: 'Mercado', unit: '', thousandths: 1000, ...more })
  const remember = async (accountId: number, name: string, at = now, more: object = {}) => {
    suggestions.remember(accountId, [bought(name, more)], at)
    await suggestions.settled()
    assert.deepEqual(failures, [])
  }
  const names = async (accountId: number, text: string, limit?: number) =>
    (await suggestions.suggest(store.begin(), accountId, text, limit)).map(one => one.name)

  test('come back with the unit, quantity and shop of the last time', async () => {
    const account = newAccountId()
    await remember(account, 'Laranjas', now - DAY_MS)
    await remember(account, 'laranjas', now, { shop: 'Pingo Doce', unit: 'kg', thousandths: 1500 })
    assert.deepEqual(await suggestions.suggest(store.begin(), account, 'lar'), [
      { name: 'laranjas', shop: 'Pingo Doce', unit: 'kg', thousandths: 1500, boughtAt: now }
    ])
  })

  test('are found whatever accents, capitals and spaces are written', async () => {
    const account = newAccountId()
    for (const name of ['Pão de Mafra', 'AÇÚCAR', 'Crème  fraîche', 'İncir', 'ｆｕｌｌ', 'Ώμος', '한국 배'])
      await remember(account, name)
    for (const [text, name] of [
      ['pao', 'Pão de Mafra'],
      ['PÃO DE', 'Pão de Mafra'],
      ['acu', 'AÇÚCAR'],
      ['creme fr', 'Crème  fraîche'],
      [' crème ', 'Crème  fraîche'],
      ['inc', 'İncir'],
      ['full', 'ｆｕｌｌ'],
      ['ωμ', 'Ώμος'],
      ['한국', '한국 배']
    ] as const) {
      assert.deepEqual(await names(account, text), [name], text)
    }
  })

  test('that begin so come first, then those with such a word, each by how often and how lately', async () => {
    const account = newAccountId()
    for (const [name, ...days] of [
      ['Leite', 1, 8, 15, 22],
      ['Leite condensado', 400, 400, 400, 400, 400, 400],
      ['Leite de coco', 2],
      ['Pão de leite', 1, 2, 3, 4, 5, 6],
      ['Meio-leite', 1],
      ['Deleite', 1, 1, 1]
    ] as [string, ...number[]][])
      for (const day of days) await remember(account, name, now - day * DAY_MS)
    assert.deepEqual(await names(account, 'lei'), [
      'Leite',
      'Leite de coco',
      'Leite condensado',
      'Pão de leite',
      'Meio-leite'
    ])
    assert.deepEqual(await names(account, 'le'), ['Leite', 'Leite de coco', 'Leite condensado'])
    assert.deepEqual(await names(account, '', 2), ['Pão de leite', 'Leite'])
    assert.deepEqual(await names(account, 'xyz'), [])
  })

  test('take what stands for something in a pattern as it is written', async () => {
    const account = newAccountId()
    const all = ['Leite 0%', 'Leite 50', 'Sal!fino', 'Sal fino', 'a_b c', 'axb c', 'C:\\x', `d'água`, 'Vinho "x"']
    for (const name of all) await remember(account, name)
    assert.deepEqual(await names(account, 'leite 0%'), ['Leite 0%'])
    assert.deepEqual(await names(account, 'sal!'), ['Sal!fino'])
    assert.deepEqual(await names(account, 'a_b'), ['a_b c'])
    assert.deepEqual(await names(account, 'c:\\'), ['C:\\x'])
    assert.deepEqual(await names(account, `d'ag`), [`d'água`])
    assert.deepEqual(await names(account, '%%%'), [])
    assert.deepEqual(await names(account, '\u0000leite\u0000 0'), ['Leite 0%'])
    assert.equal((await names(account, '')).length, 8)
  })

  test("are never another account's", async () => {
    const [ana, rui] = [newAccountId(), newAccountId()]
    await remember(ana, 'Medicamento')
    await remember(rui, 'Medronho')
    for (const text of ['', 'm', 'med', 'MEDI']) {
      assert.deepEqual(
        await names(ana, text),
        text === '' || 'medicamento'.startsWith(text.toLowerCase()) ? ['Medicamento'] : []
      )
      assert.ok(!(await names(rui, text)).includes('Medicamento'), text)
    }
    assert.equal(await suggestions.forget(store.begin(), rui, 'Medicamento', now), false)
    assert.deepEqual(await names(ana, ''), ['Medicamento'])
  })

  test('are forgotten by any spelling, but not when they were bought again meanwhile', async () => {
    const account = newAccountId()
    await remember(account, 'Pão', now)
    await remember(account, 'Pão', now + 1000)
    assert.equal(await suggestions.forget(store.begin(), account, 'pao', now), false)
    assert.equal(await suggestions.forget(store.begin(), account, 'pao', now + 1000), true)
    assert.equal(await suggestions.forget(store.begin(), account, 'pao', now + 1000), false)
    assert.deepEqual(await names(account, ''), [])
  })

  test('are kept up to a number, the best of them, also where many score alike', async () => {
    const account = newAccountId()
    suggestions.remember(
      account,
      Array.from({ length: 30 }, (_, n) => bought(`Artigo ${n}`)),
      now
    )
    await suggestions.settled()
    await remember(account, 'Antigo', now - 300 * DAY_MS)
    await remember(account, 'Novo', now + DAY_MS)
    assert.equal(await suggestions.trim(store.begin(), account, 20), 12)
    const left = await names(account, '', 100)
    assert.equal(left.length, 20)
    assert.equal(left[0], 'Novo')
    assert.ok(!left.includes('Antigo'))
    assert.equal(await suggestions.trim(store.begin(), account, 20), 0)
  })

  test('that two servers remember for the first time at once count both times', async () => {
    const account = newAccountId()
    const other = suggestionRules(store, error => failures.push(error))
    const more = Array.from({ length: 40 }, (_, n) => bought(`Artigo ${n}`))
    for (const one of [suggestions, other]) one.remember(account, more, now)
    await Promise.all([suggestions.settled(), other.settled()])
    assert.deepEqual(failures, [])
    const scores = await database.query(`select score from remembered where account_id = ${account}`)
    assert.equal(scores.length, 40)
    for (const { score } of scores) assert.equal(Number(score), 2 * scoreOf(now))
  })

  test('keep their order as time goes by, and are comparable for ever', () => {
    const twice = 2 * scoreOf(now - 30 * DAY_MS)
    assert.ok(Math.abs(twice / scoreOf(now) - 1) < 1e-12)
    assert.ok(Number.isFinite(scoreOf(Date.UTC(2100, 0)) * 10_000))
  })

  test('of 10,000 are found by an index, as are those of an account among many', async () => {
    const account = newAccountId()
    await fill(database, 2_000_000, 60_000)
    await fill(database, account, 10_000)
    if (engine !== 'sqlite')
      await database.query(engine === 'mariadb' ? 'analyze table remembered' : 'analyze remembered')
    for (const text of ['', 'a', 'artigo 77', 'zzz']) {
      const plan = await planOf(engine, store, database, () => suggestions.suggest(store.begin(), account, text))
      assert.match(plan, usesIndex[engine], `«${text}»: ${plan}`)
      assert.doesNotMatch(plan, readsAll[engine], `«${text}»: ${plan}`)
    }
    assert.deepEqual(await names(account, 'artigo 777', 2), ['Artigo 7779', 'Artigo 7778'])
  })
})

const usesIndex: Record<Engine, RegExp> = {
  sqlite: /SEARCH remembered USING (PRIMARY KEY|(COVERING )?INDEX remembered_score) \(account_id=\?/,
  mariadb: /"key":"(PRIMARY|remembered_score)"/,
  postgres: /Index Cond: ?\(\(?account_id = /
}
const readsAll: Record<Engine, RegExp> = {
  sqlite: /\bSCAN remembered/,
  mariadb: /"table_name":"remembered",\s*"access_type":"(ALL|index)"/,
  postgres: /Seq Scan/
}

/** Names of an account, as if it had bought them one a minute. */
async function fill(database: TestDatabase, account: number, count: number): Promise<void> {
  const numbers = {
    sqlite: `(with recursive r(i) as (select 1 union all select i + 1 from r where i < ${count}) select i from r) as numbers`,
    mariadb: `(select seq as i from seq_1_to_${count}) as numbers`,
    postgres: `generate_series(1, ${count}) as numbers(i)`
  }[database.engine]
  const named = (word: string) => (database.engine === 'mariadb' ? `concat('${word} ', i)` : `'${word} ' || i`)
  await database.query(
    `insert into remembered (account_id, folded, name, shop, unit, thousandths, score, bought_at)
     select ${account}, ${named('artigo')}, ${named('Artigo')}, 'Mercado', 'kg', 1500, i, ${now} from ${numbers}`
  )
  assert.ok(foldName('Artigo 1').startsWith('artigo '))
}

/** How the database finds what `act` asks for. */
async function planOf(
  engine: Engine,
  store: Store,
  database: TestDatabase,
  act: () => Promise<unknown>
): Promise<string> {
  const { dialect } = store
  const asked: [string, unknown[]][] = []
  const run = dialect.run
  dialect.run = (bill, sql, params, isSelect) => {
    asked.push([sql, params])
    return run.call(dialect, bill, sql, params, isSelect)
  }
  try {
    await act()
  } finally {
    dialect.run = run
  }
  assert.equal(asked.length, 1, 'one query')
  const [sql, params] = asked[0] as [string, unknown[]]
  const explain = { sqlite: 'explain query plan', mariadb: 'explain format=json', postgres: 'explain' }[engine]
  if (engine === 'sqlite') {
    const answer = await dialect.run(store.begin(), `${explain} ${sql}`, params, true)
    return JSON.stringify(answer.rows)
  }
  return JSON.stringify(await database.query(`${explain} ${sql}`, params)).replace(/\\n|\\| (?=")|(?<=:) /g, '')
}
