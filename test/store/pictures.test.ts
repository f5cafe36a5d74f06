import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pictureRules } from '../../src/features/pictures/rules.ts'
import { hashesIn } from '../../src/features/pictures/schema.ts'
import { sweep } from '../../src/features/pictures/sweep.ts'
import { openFiles } from '../../src/files/files.ts'
import { family, versionOf } from '../helper/families.ts'
import { cases, forEachEngine, photo } from '../helper.ts'

const DAY_MS = 24 * 60 * 60_000

forEachEngine('pictures and their files', engine => {
  const { site, one, two, listWith, item } = family(engine)
  const folder = mkdtempSync(join(tmpdir(), 'carrinho-'))
  // Two web servers on one folder.
  const files = [0, 1].map(() =>
    openFiles({ path: folder, isOwn: true, limitMs: 60_000 }, { changed() {}, damaged() {} })
  )
  after(() => {
    for (const each of files) each.close()
  })
  const rulesOn = (server: 0 | 1) => pictureRules(site.stores[server], files[server] as (typeof files)[0])
  const sweepOn = (server: 0 | 1, options = {}) =>
    sweep(site.stores[server], files[server] as (typeof files)[0], { whole: true, ...options })

  const names = async () =>
    (await readdir(folder, { recursive: true })).filter(name => /^..\/./.test(name)).map(name => name.slice(3))
  const pathOf = (hash: string) => join(folder, hash.slice(0, 2), hash)
  const makeOld = async (ageMs = 2 * DAY_MS) => {
    const then = new Date(Date.now() - ageMs)
    for (const name of await names()) await utimes(join(folder, name.slice(0, 2), name), then, then)
  }
  const addPhoto = async (where: Parameters<typeof item>[0], id: number, sent?: Buffer, server: 0 | 1 = 0) => {
    const outcome = await rulesOn(server).add(site.works[server], where, id, sent ?? (await photo()))
    assert.ok('hash' in outcome && outcome.hash, JSON.stringify(outcome))
    return { hash: outcome.hash, version: outcome.version }
  }
  const isWhole = async (hash: string) => {
    const content = await readFile(pathOf(hash))
    return createHash('sha256').update(content).digest('hex') === hash
  }

  test('a file that a row names is never swept, however old; one that none names is, after a day', async () => {
    const { where, ids } = await listWith('iogurte')
    const { hash } = await addPhoto(where, ids[0] as number)
    const orphan = (await files[0]?.keep([Buffer.from('of a write that failed')]))?.[0] ?? ''
    assert.equal(await sweepOn(1), 0)
    assert.ok((await names()).includes(orphan), 'not yet')
    await makeOld()
    assert.equal(await sweepOn(1), 1)
    const left = await names()
    assert.ok(left.includes(hash) && !left.includes(orphan))
    assert.ok(await isWhole(hash))
    // What a writer left that died is no file; what a sweep left that died is put back where it is named, and taken away else.
    await rename(pathOf(hash), `${pathOf(hash)}.aside`)
    await writeFile(`${pathOf(hash)}.0123456789ab.draft`, 'half')
    assert.ok(await files[1]?.read(hash), 'read all the same')
    await makeOld()
    await sweepOn(0)
    assert.ok(await files[1]?.read(hash))
    assert.ok(!(await names()).some(name => name.endsWith('.draft')))
  })

  test('a picture that was taken off is kept as long as that can be undone, and then forgotten', async () => {
    const { where, ids } = await listWith('leite')
    const id = ids[0] as number
    const { hash } = await addPhoto(where, id)
    const rows = () => site.database.query(`select unnamed_since from pictures where hash = '${hash}'`)
    const removed = await rulesOn(0).remove(one.work, where, id, hash)
    await sweepOn(0)
    assert.notEqual((await rows())[0]?.unnamed_since, null)
    // Of long ago by its row, and of today by its history.
    await site.database.query(`update pictures set unnamed_since = 1 where hash = '${hash}'`)
    await sweepOn(1)
    assert.equal((await rows()).length, 1)
    const undone = await two.history.undo(two.work, where, versionOf(removed))
    assert.equal(undone.status, 'done')
    assert.deepEqual(hashesIn((await item(where, id)).pictures), [hash])
    await sweepOn(1)
    assert.equal((await rows())[0]?.unnamed_since, null)

    await rulesOn(0).remove(one.work, where, id, hash)
    await sweepOn(0)
    await site.database.query(`update pictures set unnamed_since = 1 where hash = '${hash}'`)
    await site.database.query(`update changes set at = 1 where detail like '%${hash}%'`)
    await makeOld()
    await sweepOn(1)
    assert.deepEqual(await rows(), [])
    assert.ok(!(await names()).includes(hash))
  })

  test('the same picture is added while it is swept: whoever was told that it is there finds it', async () => {
    const { where, ids } = await listWith(...Array.from({ length: cases(12) }, (_, n) => `artigo ${n}`))
    const sent = await photo({ width: 60, height: 40 })
    for (const id of ids) {
      const { hash } = await addPhoto(where, id, sent)
      // Nobody's, and old: what a sweep looks for. And just then somebody adds it.
      await rulesOn(0).remove(one.work, where, id, hash)
      await site.database.query(`delete from pictures where hash = '${hash}'`)
      await makeOld()
      const [added] = await Promise.all([addPhoto(where, id, sent, 1), sweepOn(0), sweepOn(1)])
      assert.equal(added.hash, hash)
      assert.ok(await files[0]?.read(hash), 'the file is there')
      await sweepOn(0)
      assert.ok(await isWhole(hash))
    }
  })

  test('two devices add one each to an item that has room for one: the item has three', async () => {
    const { where, ids } = await listWith('pão')
    const id = ids[0] as number
    await addPhoto(where, id)
    await addPhoto(where, id)
    const sent = await Promise.all([photo(), photo()])
    const outcomes = await Promise.all(
      sent.map((bytes, n) => rulesOn(n as 0 | 1).add(site.works[n as 0 | 1], where, id, bytes))
    )
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['done', 'tooMany'])
    assert.equal(hashesIn((await item(where, id)).pictures).length, 3)
  })

  test('pictures move with their item, are copied with it, and last when it is merged', async () => {
    const { where, ids } = await listWith('queijo')
    const id = ids[0] as number
    const { hash } = await addPhoto(where, id)
    const made = await one.lists.make(one.work, where.accountId, { name: 'Outra' })
    assert.ok('listId' in made)
    const other = { accountId: where.accountId, list: made.listId }
    assert.equal((await one.carts.copy(one.work, where, [id], other.list)).status, 'done')
    const copied = (await two.carts.view(two.work, other))?.items[0]
    assert.deepEqual(hashesIn(copied?.pictures), [hash])
    assert.ok(await rulesOn(1).fileOf(two.work, other, hash, false))
    // More of it on the other list: what is there stays, and what comes fills it up; undone, it is as it was.
    const { hash: second } = await addPhoto(where, id)
    const { hash: own } = await addPhoto(other, copied?.id as number)
    const merged = await one.carts.copy(one.work, where, [id], other.list, undefined, { merge: true })
    assert.deepEqual(hashesIn((await item(other, copied?.id as number)).pictures), [hash, own, second])
    assert.equal((await two.history.undo(two.work, other, versionOf(merged))).status, 'done')
    assert.deepEqual(hashesIn((await item(other, copied?.id as number)).pictures), [hash, own])
    const stranger = { accountId: await site.addAccount(), list: made.listId }
    assert.equal(await rulesOn(1).fileOf(two.work, stranger, hash, false), undefined)
    assert.equal((await one.carts.move(one.work, where, [id], other.list)).status, 'done')
    assert.deepEqual(hashesIn((await item(other, id)).pictures), [hash, second])
  })
})
