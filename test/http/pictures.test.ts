import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import {
  addPhoto,
  Client,
  filesIn,
  forEachEngine,
  formWith,
  hashOf,
  newAccount,
  ofPhone,
  photo,
  photosOn,
  sendPhoto,
  signedIn,
  siteWithFiles,
  visibleText,
  withItem
} from '../helper.ts'

forEachEngine('pictures of an item', engine => {
  const { site, folder } = siteWithFiles(engine)

  test('are kept upright and small, without where and when, and shown on the item, the list and their page', async t => {
    const { client, id, page } = await withItem(t, site.server)
    assert.doesNotMatch((await client.get('/carrinho/')).text, /class="ph"/)
    const sent = await photo(ofPhone)
    const before = await sharp(sent).metadata()
    assert.equal(before.orientation, 6)
    assert.ok(before.exif?.includes('Telefone'))
    await addPhoto(client, id, sent)

    const [path] = photosOn((await client.get(page)).text)
    assert.ok(path)
    const large = await client.get(path)
    assert.equal(large.status, 200)
    const after = await sharp(large.body).metadata()
    assert.deepEqual([after.format, after.width, after.height], ['jpeg', 1200, 1600])
    assert.deepEqual(
      [after.exif, after.icc, after.xmp, after.orientation],
      [undefined, undefined, undefined, undefined]
    )
    const small = await sharp((await client.get(`${path}/pequena`)).body).metadata()
    assert.deepEqual([small.format, small.width, small.height, small.exif], ['jpeg', 240, 240, undefined])

    assert.match((await client.get(`/carrinho/artigo/${id}`)).text, new RegExp(`${path}/pequena`))
    assert.match((await client.get('/carrinho/')).text, /class="ph"/)
    // The file is what its name says.
    const hash = path.slice(-64)
    assert.equal(hashOf(large.body), hash)
    assert.equal(hashOf(await readFile(join(folder, hash.slice(0, 2), hash))), hash)
  })

  test('are changes: numbered, told in the history, taken back and put back', async t => {
    const { client, id, page } = await withItem(t, site.server)
    await addPhoto(client, id, await photo())
    await client.get('/carrinho/')
    await addPhoto(client, id, await photo())
    const paths = photosOn((await client.get(page)).text)
    assert.equal(paths.length, 2)
    assert.match(visibleText((await client.get('/carrinho/historico')).text), /Juntou uma fotografia a «iogurte»/)
    assert.equal((await client.post('/carrinho/anular', { version: '3' })).status, 303)
    assert.deepEqual(photosOn((await client.get(page)).text), paths.slice(0, 1))

    const hash = paths[0]?.slice(-64) ?? ''
    const removed = await client.post(`${page}/apagar`, { hash, operation: client.hidden('operation') ?? '' })
    assert.equal(removed.status, 303)
    assert.deepEqual(photosOn((await client.get(page)).text), [])
    assert.match(visibleText((await client.get('/carrinho/historico')).text), /Tirou uma fotografia de «iogurte»/)
    await client.post('/carrinho/anular', { version: '5' })
    assert.deepEqual(photosOn((await client.get(page)).text), paths.slice(0, 1))

    // They go with the item, and come back with it; a copy on another list shows them, too.
    await client.get('/carrinho/')
    await client.post('/apagar_artigo', { id: String(id) })
    assert.equal((await client.get(page)).status, 404)
    await client.post('/carrinho/anular', { version: '7' })
    assert.deepEqual(photosOn((await client.get(page)).text), paths.slice(0, 1))
  })

  test('are on the list as it was, small, also of an item that is gone; what was swept is said to be no longer kept', async t => {
    const { client, id, page } = await withItem(t, site.server)
    await addPhoto(client, id, await photo())
    await addPhoto(client, id, await photo())
    const paths = photosOn((await client.get(page)).text)
    const hashes = paths.map(path => path.slice(-64))
    await client.get(page)
    await client.post(`${page}/apagar`, { hash: hashes[0] ?? '', operation: client.hidden('operation') ?? '' })
    await client.post('/apagar_artigo', { id: String(id) })
    const shownAfter = async (version: number) => {
      const { status, text } = await client.get(`/carrinho/historico/${version}`)
      assert.equal(status, 200)
      return { photos: photosOn(text), lost: /fotografias? que tinha/.exec(visibleText(text))?.[0] }
    }
    assert.deepEqual(await shownAfter(1), { photos: [], lost: undefined })
    assert.deepEqual(await shownAfter(2), { photos: paths.slice(0, 1), lost: undefined })
    assert.deepEqual(await shownAfter(3), { photos: paths, lost: undefined })
    assert.deepEqual(await shownAfter(4), { photos: paths.slice(1), lost: undefined })
    assert.deepEqual(await shownAfter(5), { photos: [], lost: undefined })
    for (const path of paths) assert.equal((await client.get(`${path}/pequena`)).status, 200)

    // As the sweep does once no item has named it for a month.
    await site.database.query(`delete from pictures where hash = '${hashes[0]}'`)
    assert.deepEqual(await shownAfter(3), { photos: paths.slice(1), lost: 'fotografia que tinha' })
    await site.database.query(`delete from pictures where hash = '${hashes[1]}'`)
    assert.deepEqual(await shownAfter(3), { photos: [], lost: 'fotografias que tinha' })
    assert.match(
      visibleText((await client.get('/carrinho/historico/3')).text),
      /2 fotografias que tinha já não estão guardadas/
    )
  })

  test('are copied to another list by the form: beside those that the same item has there, up to three', async t => {
    const { client, id, page } = await withItem(t, site.server)
    await addPhoto(client, id, await photo())
    await addPhoto(client, id, await photo())
    await client.get('/listas/')
    await client.post('/listas/', { name: 'Outra', operation: client.hidden('operation') ?? '' })
    const other = /\/listas\/(\d+)\//.exec((await client.get('/listas/')).text)?.[1] ?? ''
    const copy = async () => {
      await client.get(`/carrinho/mover?artigo=${id}`)
      const operation = client.hidden('operation') ?? ''
      return client.post('/carrinho/mover', { id: String(id), to: other, do: 'copiar', operation })
    }
    const hashesOn = async (path: string) => photosOn((await client.get(path)).text).map(found => found.slice(-64))
    const sent = await hashesOn(page)
    assert.equal((await copy()).status, 303)
    const there = /\/artigo\/(\d+)/.exec((await client.get(`/listas/${other}/`)).text)?.[1] ?? ''
    const pageThere = `/listas/${other}/artigo/${there}/fotografias`
    assert.deepEqual(await hashesOn(pageThere), sent)
    // One of those is gone there and another one is its own.
    await client.get(pageThere)
    await client.post(`${pageThere}/apagar`, { hash: sent[0] ?? '', operation: client.hidden('operation') ?? '' })
    await client.get(page)
    await client.post(`${page}/apagar`, { hash: sent[1] ?? '', operation: client.hidden('operation') ?? '' })
    await addPhoto(client, id, await photo())
    const [first = '', third = ''] = await hashesOn(page)
    assert.equal(first, sent[0])
    assert.equal((await copy()).status, 303)
    assert.deepEqual(await hashesOn(pageThere), [sent[1], first, third])
    for (const path of photosOn((await client.get(pageThere)).text)) {
      assert.equal((await client.get(path)).status, 200)
    }
  })

  test('are there once: for the same key, and for the same picture', async t => {
    const { client, id, page } = await withItem(t, site.server)
    const picture = await photo()
    await client.get(page)
    const fields = { csrf_token: client.csrf() ?? '', operation: client.hidden('operation') ?? '' }
    const send = (bytes: Buffer) => {
      const { type, body } = formWith(fields, [{ bytes }])
      return client.send('POST', page, { headers: { 'content-type': type, accept: 'application/json' }, body })
    }
    const [one, two] = await Promise.all([send(picture), send(picture)])
    assert.deepEqual([one.status, two.status], [200, 200], one.text + two.text)
    assert.equal((one.json() as { version: number }).version, (two.json() as { version: number }).version)
    assert.equal((await send(await photo())).status, 409, 'the key stands for the other picture')
    const count = (await filesIn(folder)).length
    await addPhoto(client, id, picture)
    assert.equal(photosOn((await client.get(page)).text).length, 1)
    // Another account with the same picture has the same files.
    const other = await withItem(t, site.server)
    await addPhoto(other.client, other.id, picture)
    assert.equal((await filesIn(folder)).length, count)
    const [row] = await site.database.query(
      `select count(*) as n from pictures where hash = '${photosOn((await client.get(page)).text)[0]?.slice(-64)}'`
    )
    assert.equal(Number(row?.n), 2)
  })

  test('are for who may see the list alone: another’s is not there, in any route', async t => {
    const { client, id, page } = await withItem(t, site.server)
    await addPhoto(client, id, await photo())
    const [path = ''] = photosOn((await client.get(page)).text)
    const stranger = await withItem(t, site.server)
    // With a list, and pictures of its own.
    await addPhoto(stranger.client, stranger.id, await photo())
    for (const wanted of [path, `${path}/pequena`, page, path.replace('/carrinho', '/listas/1')]) {
      assert.equal((await stranger.client.get(wanted)).status, 404, wanted)
    }
    assert.equal((await sendPhoto(stranger.client, id, await photo())).status, 404)
    const taken = await stranger.client.post(`${page}/apagar`, { hash: path.slice(-64) })
    assert.equal(taken.status, 404)
    assert.deepEqual(photosOn((await client.get(page)).text), [path])

    const visitor = new Client(t, site.server)
    assert.equal((await visitor.get(path)).status, 302)
    const { type, body } = formWith({}, [{ bytes: await photo() }])
    const signedOut = await visitor.send('POST', page, { headers: { 'content-type': type }, body })
    assert.equal(signedOut.status, 302)
    // Without the form's token, or from another site's page.
    assert.equal((await client.send('POST', page, { headers: { 'content-type': type }, body })).status, 403)
    await client.get(page)
    const forged = formWith({ csrf_token: client.csrf() ?? '' }, [{ bytes: await photo() }])
    for (const [name, value] of [
      ['origin', 'https://example.org'],
      ['sec-fetch-site', 'cross-site']
    ] as const) {
      const reply = await client.send('POST', page, {
        headers: { 'content-type': forged.type, [name]: value },
        body: forged.body
      })
      assert.equal(reply.status, 403)
    }
    assert.deepEqual(photosOn((await client.get(page)).text), [path])
    for (const odd of [
      '../../etc/passwd',
      '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      `${'A'.repeat(64)}`,
      '0'.repeat(64),
      'x'
    ]) {
      assert.equal((await client.get(`/carrinho/fotografia/${odd}`)).status, 404, odd)
    }
  })

  test('are sent as pictures and nothing else, in parts where that is asked, and not again where they are known', async t => {
    const { client, id, page } = await withItem(t, site.server)
    await addPhoto(client, id, await photo())
    const [path = ''] = photosOn((await client.get(page)).text)
    const whole = await client.get(path)
    const { headers } = whole
    assert.equal(headers['content-type'], 'image/jpeg')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['content-security-policy'], "default-src 'none'; sandbox")
    assert.match(headers['cache-control'] ?? '', /private/)
    assert.equal(headers['accept-ranges'], 'bytes')
    const tag = headers.etag ?? ''
    const known = await client.get(path, { 'if-none-match': tag })
    assert.deepEqual([known.status, known.bytes], [304, 0])
    const size = whole.bytes
    for (const [range, from, to] of [
      ['bytes=0-9', 0, 9],
      ['bytes=10-', 10, size - 1],
      ['bytes=-5', size - 5, size - 1],
      [`bytes=5-${size * 2}`, 5, size - 1]
    ] as const) {
      const part = await client.get(path, { range, 'if-range': tag })
      assert.equal(part.status, 206, range)
      assert.equal(part.headers['content-range'], `bytes ${from}-${to}/${size}`)
      assert.deepEqual(part.body, whole.body.subarray(from, to + 1))
    }
    assert.equal((await client.get(path, { range: `bytes=${size}-` })).status, 416)
    assert.equal((await client.get(path, { range: 'bytes=0-9', 'if-range': '"other"' })).status, 200)
    assert.equal((await client.get(path, { range: 'bytes=0-1,3-4' })).status, 200)
  })

  test('are in the copy of all data, and gone with the account', async t => {
    const account = newAccount()
    const client = new Client(t, site.server)
    await client.signup(account)
    await client.addItem({ tipo: 'iogurte' })
    const [item] = await client.items()
    await addPhoto(client, Number(item?.id), await photo())
    const copy = JSON.parse((await client.get('/conta/copia.json')).text)
    assert.equal(copy.pictures.length, 1)
    assert.equal(copy.items[0].pictures, copy.pictures[0].hash)
    const { hash } = copy.pictures[0]
    assert.match((await client.get('/conta')).text, /href="\/conta\/fotografias\.zip"/)
    // The bytes come in a file of their own, under the names that the copy has.
    const archive = await client.get('/conta/fotografias.zip')
    assert.equal(archive.headers['content-type'], 'application/zip')
    const kept = (await client.get(`/carrinho/fotografia/${hash}`)).body
    assert.deepEqual(unzipped(archive.body), [{ name: `${hash}.jpg`, hash: hashOf(kept) }])
    const stranger = await signedIn(t, site.server)
    assert.deepEqual(unzipped((await stranger.get('/conta/fotografias.zip')).body), [])
    assert.equal((await client.get(`/carrinho/fotografia/${hash}`)).status, 200)
    await client.get('/conta/apagar')
    assert.equal((await client.post('/conta/apagar', { password: account.password })).status, 303)
    assert.deepEqual(await site.database.query(`select hash from pictures where hash = '${hash}'`), [])
  })
})

/** What is in an archive, as its directory says, the sums checked. */
function unzipped(archive: Buffer): { name: string; hash: string }[] {
  const end = archive.length - 22
  assert.equal(archive.readUInt32LE(end), 0x06054b50)
  const found = []
  let at = archive.readUInt32LE(end + 16)
  for (let n = archive.readUInt16LE(end + 10); n > 0; n--) {
    assert.equal(archive.readUInt32LE(at), 0x02014b50)
    const nameLength = archive.readUInt16LE(at + 28)
    const name = archive.toString('latin1', at + 46, at + 46 + nameLength)
    const local = archive.readUInt32LE(at + 42)
    assert.equal(archive.readUInt32LE(local), 0x04034b50)
    const start = local + 30 + archive.readUInt16LE(local + 26)
    const content = archive.subarray(start, start + archive.readUInt32LE(at + 24))
    assert.equal(crc32(content), archive.readUInt32LE(at + 16))
    found.push({ name, hash: hashOf(content) })
    at += 46 + nameLength
  }
  assert.equal(at, end)
  return found
}
