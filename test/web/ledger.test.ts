import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  acknowledge,
  type Book,
  checkBook,
  compare,
  isRemovalNext,
  newBook,
  type Row,
  removableRows
} from '../../web/cluster/ledger.ts'

const rows = (...names: string[]): Row[] => names.map((tipo, index) => ({ id: index + 1, tipo }))

describe('comparing what was acknowledged with the list', () => {
  test('finds nothing wrong when everything is there once', () => {
    assert.deepEqual(compare(['a', 'b', 'c'], ['a'], [], rows('c', 'b')), {
      acknowledged: 2,
      present: 2,
      lost: [],
      duplicated: [],
      resurrected: [],
      inDoubt: 0,
      verdict: 'good'
    })
  })

  test('finds what is ticked off where it was', () => {
    const list = rows('a', 'b').map(row => ({ ...row, done: row.tipo === 'b' }))
    const { verdict, present } = compare(['a', 'b'], [], [], list)
    assert.deepEqual([verdict, present], ['good', 2])
    assert.equal(compare(['a', 'b'], ['b'], [], list).verdict, 'bad', 'also when it should be gone')
  })

  test('proves nothing while nothing has to be there', () => {
    assert.equal(compare([], [], [], []).verdict, 'nothing')
    assert.equal(compare(['a'], ['a'], [], []).verdict, 'nothing', 'all of it was removed')
    assert.equal(compare([], [], ['a'], rows('a')).verdict, 'nothing', 'what is there was never acknowledged')
    assert.equal(compare(['a'], [], ['a'], []).verdict, 'nothing', 'its removal is under way')
  })

  test('names what is lost', () => {
    const result = compare(['a', 'b'], [], [], rows('a'))
    assert.deepEqual([result.verdict, result.lost, result.acknowledged, result.present], ['bad', ['b'], 2, 1])
    assert.equal(compare(['a'], [], [], []).verdict, 'bad', 'also when the whole list is')
  })

  test('names what is there twice, also of what is in doubt', () => {
    assert.deepEqual(compare(['a'], [], [], rows('a', 'a')).duplicated, ['a'])
    const doubtful = compare(['a'], [], ['b'], rows('a', 'b', 'b'))
    assert.deepEqual([doubtful.verdict, doubtful.duplicated], ['bad', ['b']])
  })

  test('names what came back after it was removed, and what nobody wrote', () => {
    assert.deepEqual(compare(['a', 'b'], ['a'], [], rows('a', 'b')).resurrected, ['a'])
    const foreign = compare(['b'], [], [], rows('b', 'x'))
    assert.deepEqual([foreign.verdict, foreign.resurrected], ['bad', ['x']])
  })

  test('lets what is in doubt be there or not', () => {
    for (const list of [rows('a'), rows('a', 'b')]) {
      const adding = compare(['a'], [], ['b'], list)
      assert.deepEqual([adding.verdict, adding.inDoubt], ['good', 1])
      assert.equal(compare(['a', 'b'], [], ['b'], list).verdict, 'good')
    }
  })
})

describe("a ledger's book", () => {
  const write = (book: Book, kind: 'add' | 'remove', item: string) => {
    book.pending = { kind, item, tries: 1, fields: {} }
    acknowledge(book)
  }

  test('leaves rows that are not its own alone', () => {
    const book = newBook('Prova 1')
    write(book, 'add', 'Prova 1 1')
    const list = rows('Prova 1 1', 'Leite', 'Prova 2 1', 'Prova 11')
    assert.equal(checkBook(book, list).verdict, 'good')
    assert.deepEqual(removableRows(book, list), list.slice(0, 1))
  })

  test('doubts a write from its first try until it is acknowledged', () => {
    const book = newBook('p')
    write(book, 'add', 'p 1')
    book.pending = { kind: 'add', item: 'p 2', tries: 0, fields: {} }
    assert.equal(checkBook(book, rows('p 1', 'p 2')).verdict, 'bad', 'nobody has sent it yet')
    book.pending.tries = 1
    assert.equal(checkBook(book, rows('p 1', 'p 2')).verdict, 'good')
    assert.equal(checkBook(book, rows('p 1')).verdict, 'good')
    acknowledge(book)
    assert.deepEqual(checkBook(book, rows('p 1')).lost, ['p 2'])
  })

  test('stays small, and still notices what comes back', () => {
    const book = newBook('p')
    let list: Row[] = []
    for (let n = 1; n <= 500; n++) {
      write(book, 'add', `p ${n}`)
      list.push({ id: n, tipo: `p ${n}` })
      while (isRemovalNext(book)) {
        const [row] = removableRows(book, list)
        assert.ok(row)
        write(book, 'remove', row.tipo)
        list = list.filter(one => one !== row)
      }
      assert.equal(checkBook(book, list).verdict, 'good')
      assert.ok(book.added.length <= 30 && book.removed.length === 0, `${book.added.length} in the book`)
    }
    assert.equal(book.totals.added, 500)
    assert.deepEqual(checkBook(book, [...list, { id: 1, tipo: 'p 1' }]).resurrected, ['p 1'])
  })

  test('stays red when what is wrong is followed by more writes', () => {
    const book = newBook('p')
    for (const n of [1, 2, 3]) write(book, 'add', `p ${n}`)
    let list = rows('p 2', 'p 3')
    assert.deepEqual(checkBook(book, list).lost, ['p 1'])
    write(book, 'remove', 'p 2')
    write(book, 'add', 'p 4')
    list = rows('p 3', 'p 4', 'p 9')
    for (let n = 0; n < 3; n++) {
      const { lost, resurrected } = checkBook(book, list)
      assert.deepEqual([lost, resurrected], [['p 1'], ['p 9']])
    }
    assert.ok(!removableRows(book, list).some(row => row.tipo === 'p 9'), 'removing it would hide that it was there')
  })

  test('counts what one reading missed and the next had', () => {
    const book = newBook('p')
    write(book, 'add', 'p 1')
    assert.equal(checkBook(book, []).verdict, 'bad')
    assert.equal(checkBook(book, rows('p 1')).verdict, 'good')
    assert.equal(book.staleReads, 1)
  })
})
