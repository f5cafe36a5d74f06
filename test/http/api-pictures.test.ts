import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import sharp from 'sharp'
import {
  type ApiChanges,
  type ApiItem,
  type ApiPicture,
  addedIn,
  anyVersion,
  apiSite,
  assertProblem,
  folderOfFiles,
  forEachEngine,
  hashOf,
  itemIn,
  listIn,
  ofPhone,
  Program,
  pathOf,
  photo,
  type Scope,
  sendPicture,
  tokenFor
} from '../helper.ts'

forEachEngine('the API of pictures', engine => {
  const folder = folderOfFiles()
  const { site, member, countOf, changesSince, allSeen } = apiSite(engine, 'pictures', {
    FILES_DIR: folder,
    FILES_MS: '60000'
  })

  const withItem = async (t: Scope, owner?: Awaited<ReturnType<typeof member>>) => {
    const made = owner ?? (await member(t))
    const item = itemIn(await made.program.post('/lists/first/items', { name: 'Iogurte', id: randomUUID() }))
    const path = `/lists/first/items/${item.id}`
    return { ...made, item, path, pictures: `${path}/pictures` }
  }
  const idsOf = async (program: Program, path: string) => {
    const { pictures } = itemIn(await program.get(path))
    const reply = await program.get(`${path}/pictures`)
    assert.deepEqual((reply.json() as { pictures: ApiPicture[] }).pictures, pictures)
    return pictures.map(({ id }) => id)
  }

  test('is sent in the parts that are asked for, whole and small, as pages send it', async t => {
    const { program, pictures } = await withItem(t)
    const { url, thumbnailUrl } = addedIn(await sendPicture(program, pictures, await photo(ofPhone)))
    for (const path of [url, thumbnailUrl].map(pathOf)) {
      const whole = await program.get(path)
      assert.equal(whole.headers['accept-ranges'], 'bytes')
      const [tag, size] = [whole.headers.etag as string, whole.body.length]
      const ask = (range: string, more: object = {}) => program.get(path, { headers: { range, ...more } })
      for (const [range, from, to] of [
        ['bytes=0-99', 0, 99],
        ['bytes=100-', 100, size - 1],
        ['bytes=-7', size - 7, size - 1],
        [`bytes=5-${size * 2}`, 5, size - 1]
      ] as const) {
        const part = await ask(range, { 'if-range': tag })
        assert.deepEqual(
          [part.status, part.headers['content-range'], part.headers.etag, part.headers['content-type']],
          [206, `bytes ${from}-${to}/${size}`, tag, 'image/jpeg'],
          range
        )
        assert.ok(part.body.equals(whole.body.subarray(from, to + 1)))
      }
      const tooFar = await ask(`bytes=${size}-`)
      assertProblem(tooFar, 416, 'range_not_satisfiable')
      assert.equal(tooFar.headers['content-range'], `bytes */${size}`)
      for (const [range, more] of [
        ['bytes=0-9', { 'if-range': '"other"' }],
        ['bytes=0-1,3-4', {}],
        ['bytes=9-2', {}],
        ['lines=0-1', {}]
      ] as const) {
        const all = await ask(range, more)
        assert.deepEqual([all.status, all.body.length], [200, size], range)
      }
      assert.equal((await ask('bytes=0-9', { 'if-none-match': tag })).status, 304)
    }
  })

  test('one is added as bytes, told by its item, and read whole and small', async t => {
    const { program, path, pictures, item } = await withItem(t)
    assert.deepEqual(item.pictures, [])
    const sent = await photo(ofPhone)
    const reply = await sendPicture(program, pictures, sent)
    assert.equal(reply.status, 201, reply.text)
    const added = addedIn(reply)
    assert.equal(reply.headers.location, added.url)
    const now = await program.get(path)
    assert.equal(reply.headers.etag, now.headers.etag)
    assert.equal(added.version, itemIn(now).version)
    const { id, type, url, thumbnailUrl } = added
    assert.deepEqual(itemIn(now).pictures, [{ id, type, url, thumbnailUrl }])
    const list = await program.get('/lists/first/items')
    assert.deepEqual(
      (list.json() as { items: ApiItem[] }).items[0]?.pictures.map(one => one.id),
      [id]
    )

    const whole = await program.get(pathOf(url))
    assert.equal(hashOf(whole.body), id)
    const { format, width, height, exif } = await sharp(whole.body).metadata()
    assert.deepEqual([format, width, height, exif], ['jpeg', 1200, 1600, undefined])
    assert.equal(whole.headers['content-type'], 'image/jpeg')
    assert.equal(whole.headers['x-content-type-options'], 'nosniff')
    assert.match(whole.headers['cache-control'] ?? '', /private/)
    const small = await program.get(pathOf(thumbnailUrl))
    const measured = await sharp(small.body).metadata()
    assert.deepEqual([measured.width, measured.height], [240, 240])
    for (const one of [
      { path: pathOf(url), etag: whole.headers.etag },
      { path: pathOf(thumbnailUrl), etag: small.headers.etag },
      { path: pictures, etag: now.headers.etag }
    ]) {
      const known = await program.get(one.path, { headers: { 'if-none-match': one.etag } })
      assert.deepEqual([known.status, known.bytes], [304, 0])
    }
    assert.equal((await program.call('HEAD', pathOf(url))).status, 200)
  })

  test('PNG, WebP, and whatever is said of it or nothing: what it is is in it', async t => {
    const { program, path, pictures } = await withItem(t)
    const jpeg = await photo({ width: 60, height: 40 })
    const png = await sharp(await photo({ width: 60, height: 40 }))
      .png()
      .toBuffer()
    const webp = await sharp(await photo({ width: 60, height: 40 }))
      .webp()
      .toBuffer()
    const ids: string[] = []
    for (const [type, bytes] of [
      ['application/octet-stream', png],
      ['image/heic', webp],
      ['IMAGE/PNG; charset=binary', jpeg]
    ] as const) {
      const reply = await sendPicture(program, pictures, bytes, { headers: { 'content-type': type } })
      assert.equal(reply.status, 201, `${type}: ${reply.text}`)
      ids.push(addedIn(reply).id)
    }
    assert.deepEqual(await idsOf(program, path), ids)
  })

  test('they are changes: told in the history and since a version, taken back, moved, copied and merged', async t => {
    const { program, path, pictures, item } = await withItem(t)
    const first = addedIn(await sendPicture(program, pictures, await photo()))
    const second = addedIn(await sendPicture(program, pictures, await photo()))
    const { items } = await changesSince(program, first.version)
    assert.deepEqual(
      (items[0] as ApiChanges['items'][0]).pictures.map(({ id }) => id),
      [first.id, second.id]
    )
    const told = (await program.get('/lists/first/history')).json() as {
      changes: { kind: string; items: { before: object; after: object }[] }[]
    }
    assert.deepEqual(
      [told.changes[0]?.kind, told.changes[0]?.items[0]?.before, told.changes[0]?.items[0]?.after],
      ['picture', { pictures: [first.id] }, { pictures: [first.id, second.id] }]
    )
    const removed = await program.delete(pathOf(first.url))
    assert.equal(removed.status, 200, removed.text)
    assert.deepEqual(await idsOf(program, path), [second.id])
    assert.equal(removed.headers.etag, (await program.get(path)).headers.etag)
    for (const { url, thumbnailUrl } of [first]) {
      assertProblem(await program.get(pathOf(url)), 404, 'not_found')
      assertProblem(await program.get(pathOf(thumbnailUrl)), 404, 'not_found')
    }
    const { version } = removed.json() as { version: number }
    assert.equal((await program.post(`/lists/first/changes/${version}/undo`)).status, 200)
    assert.deepEqual(await idsOf(program, path), [first.id, second.id])

    const other = listIn(await program.post('/lists', { name: 'Outra' }))
    const base = `/lists/${other.id}/items`
    // On the other list there is more of it, with pictures of its own.
    const there = itemIn(await program.post(base, { name: 'iogurte' }))
    const own = [
      addedIn(await sendPicture(program, `${base}/${there.id}/pictures`, await photo())),
      addedIn(await sendPicture(program, `${base}/${there.id}/pictures`, await photo()))
    ].map(({ id }) => id)
    const copied = await program.post('/lists/first/copy', { items: [item.id], to: other.id, merge: true })
    const [merged] = (copied.json() as { items: ApiItem[] }).items
    assert.deepEqual(
      merged?.pictures.map(({ id }) => id),
      [...own, first.id]
    )
    assert.ok(merged?.pictures.every(({ url }) => url.startsWith(`/api/v1${base}/${there.id}/`)))
    for (const { url } of merged?.pictures ?? []) assert.equal((await program.get(pathOf(url))).status, 200)
    await program.post('/lists/first/move', { items: [item.id], to: other.id })
    assert.deepEqual(await idsOf(program, `${base}/${item.id}`), [first.id, second.id])
    assertProblem(await program.get(pathOf(first.url)), 404, 'not_found')
  })

  test('the same request is done once and answers the same, whatever happened since', async t => {
    const { program, path, pictures } = await withItem(t)
    const sent = await photo()
    const add = { headers: { 'idempotency-key': randomUUID() } }
    const reply = await sendPicture(program, pictures, sent, add)
    const picture = addedIn(reply)
    const there = { headers: { 'idempotency-key': randomUUID() } }
    const same = await sendPicture(program, pictures, sent, there)
    assert.equal(same.status, 200, same.text)
    assert.deepEqual([addedIn(same).id, same.headers.etag], [picture.id, reply.headers.etag])
    assert.equal((await idsOf(program, path)).length, 1)
    const remove = { headers: { 'idempotency-key': randomUUID() } }
    const gone = await program.delete(pathOf(picture.url), remove)
    const repeated = async (what: string) => {
      const before = await countOf('changes')
      for (const [first, again] of [
        [reply, await sendPicture(program, pictures, sent, add)],
        [same, await sendPicture(program, pictures, sent, there)],
        [gone, await program.delete(pathOf(picture.url), remove)]
      ] as const) {
        assert.deepEqual(
          [again.status, again.json(), again.headers.etag, again.headers['idempotency-replayed']],
          [first.status, first.json(), first.headers.etag, 'true'],
          what
        )
      }
      assertProblem(await sendPicture(program, pictures, await photo(), add), 422, 'key_reused')
      assertProblem(await program.post('/lists/first/items', { name: 'Pão' }, add), 422, 'key_reused')
      assert.equal(await countOf('changes'), before, what)
    }
    await repeated('at once')
    await sendPicture(program, pictures, await photo())
    await repeated('with another one added')
    await program.delete(path)
    await repeated('without its item')
    assertProblem(await sendPicture(program, pictures, sent), 404, 'not_found')
    assertProblem(await program.delete(pathOf(picture.url)), 404, 'not_found')
    for (const key of [undefined, '', 'two words']) {
      const headers = { 'idempotency-key': key }
      const code = key === undefined ? 'key_missing' : 'key_malformed'
      assertProblem(await sendPicture(program, pictures, sent, { headers }), 400, code)
      assertProblem(await program.delete(pathOf(picture.url), { headers }), 400, code)
    }
  })

  test('If-Match holds a write back from what somebody else has changed', async t => {
    const { program, path, pictures, item } = await withItem(t)
    const seen = { headers: { 'if-match': `"${item.version}"` } }
    await program.patch(path, { quantity: 2 }, anyVersion)
    const sent = await photo()
    const stale = await sendPicture(program, pictures, sent, seen)
    const { current } = assertProblem(stale, 412, 'precondition_failed')
    assert.deepEqual(current, (await program.get(path)).json())
    const added = addedIn(await sendPicture(program, pictures, sent, { headers: { 'if-match': stale.headers.etag } }))
    assertProblem(await program.delete(pathOf(added.url), seen), 412, 'precondition_failed')
    assertProblem(
      await program.delete(pathOf(added.url), { headers: { 'if-match': '"x"' } }),
      412,
      'precondition_failed'
    )
    assert.equal((await program.delete(pathOf(added.url), anyVersion)).status, 200)
  })

  test('another’s item and pictures are not there, in any route, nor is what is not the item’s', async t => {
    const owner = await withItem(t)
    const added = addedIn(await sendPicture(owner.program, owner.pictures, await photo()))
    const stranger = await withItem(t)
    const own = addedIn(await sendPicture(stranger.program, stranger.pictures, await photo()))
    const second = await withItem(t, stranger)
    const before = await countOf('changes')
    const told = ({ requestId: _, ...others }: Record<string, unknown>) => others
    const none = told((await stranger.program.get('/lists/first/items/404')).json() as never)
    const sent = await photo()
    for (const [method, path, raw] of [
      ['GET', owner.pictures],
      ['POST', owner.pictures, sent],
      ['GET', pathOf(added.url)],
      ['GET', pathOf(added.thumbnailUrl)],
      ['DELETE', pathOf(added.url)],
      // A picture of somebody else on an item of one's own, of another item, and none.
      ['GET', `${stranger.pictures}/${added.id}`],
      ['DELETE', `${stranger.pictures}/${added.id}`],
      ['GET', `${second.pictures}/${own.id}`],
      ['GET', `${second.pictures}/${own.id}/thumbnail`],
      ['DELETE', `${second.pictures}/${own.id}`],
      ['GET', `${stranger.pictures}/${'0'.repeat(64)}`],
      ['GET', `${stranger.pictures}/..%2f..%2fetc%2fpasswd`],
      ['GET', '/lists/404/items/1/pictures'],
      ['POST', '/lists/404/items/1/pictures', sent],
      ['POST', '/lists/first/items/404/pictures', sent]
    ] as const) {
      const reply = raw ? await sendPicture(stranger.program, path, raw) : await stranger.program.call(method, path)
      assertProblem(reply, 404, 'not_found')
      assert.deepEqual(told(reply.json() as never), none, `${method} ${path}`)
    }
    assert.equal(await countOf('changes'), before)
    assert.equal((await owner.program.get(pathOf(added.url))).status, 200)

    const reader = new Program(site.server, await tokenFor(site, owner.client.account.email, 'read'))
    assert.equal((await reader.get(pathOf(added.url))).status, 200)
    assertProblem(await sendPicture(reader, owner.pictures, sent), 403, 'wrong_scope')
    assertProblem(await reader.delete(pathOf(added.url)), 403, 'wrong_scope')
    const nobody = new Program(site.server, undefined)
    for (const path of [pathOf(added.url), owner.pictures]) {
      assertProblem(await nobody.get(path), 401, 'token_missing')
    }
    assertProblem(await sendPicture(nobody, owner.pictures, sent), 401, 'token_missing')
  })

  test('an item has three, an account five hundred, and each is told so', async t => {
    const owner = await withItem(t)
    const { program, path, pictures, client } = owner
    for (let n = 0; n < 3; n++) await sendPicture(program, pictures, await photo({ width: 60, height: 40 }))
    const fourth = assertProblem(await sendPicture(program, pictures, await photo()), 409, 'item_pictures_full')
    assert.deepEqual(
      fourth.errors?.map(({ field, in: place }) => [field, place]),
      [['body', 'body']]
    )
    assert.equal((await idsOf(program, path)).length, 3)
    const [row] = await site.database.query(
      `select id_cliente as id from clientes where email = '${client.account.email}'`
    )
    const rows = Array.from({ length: 497 }, (_, n) => {
      const hash = n.toString(16).padStart(64, '0')
      return `(${row?.id}, '${hash}', '${hash}', 1, 1, 1, 1)`
    })
    await site.database.query(
      `insert into pictures (account_id, hash, small_hash, bytes, width, height, added_at) values ${rows.join()}`
    )
    const other = await withItem(t, owner)
    const full = assertProblem(await sendPicture(program, other.pictures, await photo()), 409, 'account_pictures_full')
    assert.equal(full.errors?.length, 1)
    assert.deepEqual(await idsOf(program, other.path), [])
  })

  allSeen()
})
