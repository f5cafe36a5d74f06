import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import {
  type ApiChanges,
  type ApiItem,
  type ApiPicture,
  anyVersion,
  apiSite,
  assertProblem,
  type Call,
  documentOf,
  eventually,
  forEachEngine,
  itemIn,
  listIn,
  ofPhone,
  Program,
  patiently,
  photo,
  type Reply,
  type Scope,
  sharedSite,
  signedIn,
  tokenFor,
  wait
} from '../helper.ts'

const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const folderOfFiles = () => mkdtempSync(join(tmpdir(), 'carrinho-'))
const filesIn = async (folder: string) =>
  (await readdir(folder, { recursive: true })).filter(name => /^..\/.{64}/.test(name)).map(name => name.slice(3))

type Added = ApiPicture & { list: string; version: number }

const send = (program: Program, path: string, raw: Buffer | undefined, { headers, ...call }: Call = {}) =>
  program.post(path, undefined, { ...call, ...(raw && { raw }), headers: { 'content-type': 'image/jpeg', ...headers } })

const addedIn = (reply: Reply): Added => {
  assert.ok([200, 201].includes(reply.status), reply.text)
  return reply.json() as Added
}
/** The path of what an answer names. */
const pathOf = (url: string) => url.replace('/api/v1', '')

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

  test('one is added as bytes, told by its item, and read whole and small', async t => {
    const { program, path, pictures, item } = await withItem(t)
    assert.deepEqual(item.pictures, [])
    const sent = await photo(ofPhone)
    const reply = await send(program, pictures, sent)
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
      const reply = await send(program, pictures, bytes, { headers: { 'content-type': type } })
      assert.equal(reply.status, 201, `${type}: ${reply.text}`)
      ids.push(addedIn(reply).id)
    }
    assert.deepEqual(await idsOf(program, path), ids)
  })

  test('they are changes: told in the history and since a version, taken back, moved, copied and merged', async t => {
    const { program, path, pictures, item } = await withItem(t)
    const first = addedIn(await send(program, pictures, await photo()))
    const second = addedIn(await send(program, pictures, await photo()))
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
      addedIn(await send(program, `${base}/${there.id}/pictures`, await photo())),
      addedIn(await send(program, `${base}/${there.id}/pictures`, await photo()))
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
    const reply = await send(program, pictures, sent, add)
    const picture = addedIn(reply)
    const there = { headers: { 'idempotency-key': randomUUID() } }
    const same = await send(program, pictures, sent, there)
    assert.equal(same.status, 200, same.text)
    assert.deepEqual([addedIn(same).id, same.headers.etag], [picture.id, reply.headers.etag])
    assert.equal((await idsOf(program, path)).length, 1)
    const remove = { headers: { 'idempotency-key': randomUUID() } }
    const gone = await program.delete(pathOf(picture.url), remove)
    const repeated = async (what: string) => {
      const before = await countOf('changes')
      for (const [first, again] of [
        [reply, await send(program, pictures, sent, add)],
        [same, await send(program, pictures, sent, there)],
        [gone, await program.delete(pathOf(picture.url), remove)]
      ] as const) {
        assert.deepEqual(
          [again.status, again.json(), again.headers.etag, again.headers['idempotency-replayed']],
          [first.status, first.json(), first.headers.etag, 'true'],
          what
        )
      }
      assertProblem(await send(program, pictures, await photo(), add), 422, 'key_reused')
      assertProblem(await program.post('/lists/first/items', { name: 'Pão' }, add), 422, 'key_reused')
      assert.equal(await countOf('changes'), before, what)
    }
    await repeated('at once')
    await send(program, pictures, await photo())
    await repeated('with another one added')
    await program.delete(path)
    await repeated('without its item')
    assertProblem(await send(program, pictures, sent), 404, 'not_found')
    assertProblem(await program.delete(pathOf(picture.url)), 404, 'not_found')
    for (const key of [undefined, '', 'two words']) {
      const headers = { 'idempotency-key': key }
      const code = key === undefined ? 'key_missing' : 'key_malformed'
      assertProblem(await send(program, pictures, sent, { headers }), 400, code)
      assertProblem(await program.delete(pathOf(picture.url), { headers }), 400, code)
    }
  })

  test('If-Match holds a write back from what somebody else has changed', async t => {
    const { program, path, pictures, item } = await withItem(t)
    const seen = { headers: { 'if-match': `"${item.version}"` } }
    await program.patch(path, { quantity: 2 }, anyVersion)
    const sent = await photo()
    const stale = await send(program, pictures, sent, seen)
    const { current } = assertProblem(stale, 412, 'precondition_failed')
    assert.deepEqual(current, (await program.get(path)).json())
    const added = addedIn(await send(program, pictures, sent, { headers: { 'if-match': stale.headers.etag } }))
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
    const added = addedIn(await send(owner.program, owner.pictures, await photo()))
    const stranger = await withItem(t)
    const own = addedIn(await send(stranger.program, stranger.pictures, await photo()))
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
      const reply = raw ? await send(stranger.program, path, raw) : await stranger.program.call(method, path)
      assertProblem(reply, 404, 'not_found')
      assert.deepEqual(told(reply.json() as never), none, `${method} ${path}`)
    }
    assert.equal(await countOf('changes'), before)
    assert.equal((await owner.program.get(pathOf(added.url))).status, 200)

    const reader = new Program(site.server, await tokenFor(site, owner.client.account.email, 'read'))
    assert.equal((await reader.get(pathOf(added.url))).status, 200)
    assertProblem(await send(reader, owner.pictures, sent), 403, 'wrong_scope')
    assertProblem(await reader.delete(pathOf(added.url)), 403, 'wrong_scope')
    const nobody = new Program(site.server, undefined)
    for (const path of [pathOf(added.url), owner.pictures]) {
      assertProblem(await nobody.get(path), 401, 'token_missing')
    }
    assertProblem(await send(nobody, owner.pictures, sent), 401, 'token_missing')
  })

  test('an item has three, an account five hundred, and each is told so', async t => {
    const owner = await withItem(t)
    const { program, path, pictures, client } = owner
    for (let n = 0; n < 3; n++) await send(program, pictures, await photo({ width: 60, height: 40 }))
    const fourth = assertProblem(await send(program, pictures, await photo()), 409, 'item_pictures_full')
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
    const full = assertProblem(await send(program, other.pictures, await photo()), 409, 'account_pictures_full')
    assert.equal(full.errors?.length, 1)
    assert.deepEqual(await idsOf(program, other.path), [])
  })

  allSeen()
})

forEachEngine(
  'what the API takes for no picture',
  engine => {
    const folder = folderOfFiles()
    const { site, member } = apiSite(engine, undefined, { FILES_DIR: folder, FILES_MS: '60000' })
    const latin = (text: string) => async () => Buffer.from(text, 'latin1')
    const plain = () => sharp({ create: { width: 6000, height: 5000, channels: 3, background: '#888' } })
    const large = async () => Buffer.concat([await photo(ofPhone), Buffer.alloc(9 << 20)])
    const cases: [string, () => Promise<Buffer | undefined>, number, string, RegExp][] = [
      ['nothing', async () => undefined, 400, 'invalid', /./],
      ['an empty body', async () => Buffer.alloc(0), 400, 'invalid', /./],
      ['SVG', latin('<svg xmlns="http://www.w3.org/2000/svg"/>'), 415, 'not_a_picture', /JPEG, PNG and WebP/],
      ['HTML', latin('<!doctype html><script>alert(1)</script>'), 415, 'not_a_picture', /JPEG, PNG and WebP/],
      ['GIF', latin('GIF89a\x01\x00\x01\x00\x00\x00\x00;'), 415, 'not_a_picture', /JPEG, PNG and WebP/],
      ['JSON', latin('{"name":"Leite"}'), 415, 'not_a_picture', /JPEG, PNG and WebP/],
      ['HEIC', latin('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), 415, 'not_a_picture', /HEIC/],
      ['half a picture', async () => (await photo(ofPhone)).subarray(0, 9000), 400, 'invalid', /damaged/],
      ['30 million pixels', () => plain().png().toBuffer(), 413, 'too_large', /20 million pixels/],
      ['more than 8 MB', large, 413, 'too_large', /8 MB/]
    ]
    for (const [title, make, status, code, detail] of cases) {
      test(`${title}: is refused with the reason, nothing is kept, and the key is free`, async t => {
        const { program } = await member(t)
        const { id } = itemIn(await program.post('/lists/first/items', { name: 'Pão' }))
        const path = `/lists/first/items/${id}/pictures`
        const key = { headers: { 'idempotency-key': randomUUID() } }
        const before = await filesIn(folder)
        const { errors } = assertProblem(await send(program, path, await make(), key), status, code)
        assert.deepEqual(
          errors?.map(({ field, in: place, pointer }) => [field, place, pointer]),
          [['body', 'body', '']]
        )
        assert.match(errors?.[0]?.detail ?? '', detail)
        assert.deepEqual(await filesIn(folder), before)
        assert.equal((await send(program, path, await photo({ width: 60, height: 40 }), key)).status, 201)
      })
    }

    test('another type than one of pictures is refused before it is read as anything', async t => {
      const { program } = await member(t)
      const { id } = itemIn(await program.post('/lists/first/items', { name: 'Pão' }))
      const path = `/lists/first/items/${id}/pictures`
      const sent = await photo({ width: 60, height: 40 })
      for (const type of [
        undefined,
        'application/json',
        'text/plain',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded',
        'image',
        'image/',
        'ximage/jpeg',
        'application/octet-streams'
      ]) {
        const reply = await send(program, path, sent, { headers: { 'content-type': type } })
        assertProblem(reply, 415, 'unsupported_media_type')
      }
      // Nor does any other route take a picture, or more than it did.
      for (const other of ['/lists/first/items', `/lists/first/items/${id}/adjust`, '/lists']) {
        assertProblem(await send(program, other, sent), 415, 'unsupported_media_type')
        const long = { raw: JSON.stringify({ name: 'x'.repeat(70_000) }) }
        assertProblem(
          await program.post(other, undefined, { ...long, headers: { 'content-type': 'application/json' } }),
          413,
          'too_large'
        )
      }
      assert.equal((await program.get(path)).text.includes('"pictures":[]'), true)
    })

    test('a picture that is cut off is not added', async t => {
      const { program } = await member(t)
      const { id } = itemIn(await program.post('/lists/first/items', { name: 'Pão' }))
      const path = `/lists/first/items/${id}/pictures`
      const sent = await photo()
      const before = await filesIn(folder)
      await new Promise<void>(resolve => {
        const cut = http.request(`${site.server.url}/api/v1${path}`, {
          method: 'POST',
          agent: false,
          headers: {
            authorization: `Bearer ${program.token}`,
            'content-type': 'image/jpeg',
            'idempotency-key': randomUUID(),
            'content-length': sent.length
          }
        })
        cut.once('error', () => resolve())
        cut.write(sent.subarray(0, sent.length >> 1), () => cut.destroy(new Error('cut')))
      })
      assert.equal((await send(program, path, await photo({ width: 60, height: 40 }))).status, 201)
      assert.equal((await filesIn(folder)).length, before.length + 2)
    })

    test('a file that the disk has lost or changed is not there, and the others are', async t => {
      const { program } = await member(t)
      const { id } = itemIn(await program.post('/lists/first/items', { name: 'Pão' }))
      const path = `/lists/first/items/${id}/pictures`
      const sent = await photo()
      const bad = addedIn(await send(program, path, sent))
      const good = addedIn(await send(program, path, await photo()))
      await writeFile(join(folder, bad.id.slice(0, 2), bad.id), 'something else')
      assertProblem(await program.get(pathOf(bad.url)), 404, 'not_found')
      assert.equal((await program.get(pathOf(good.url))).status, 200)
      assert.equal((await send(program, path, sent)).status, 200)
      assert.equal((await program.get(pathOf(bad.url))).status, 200)
    })

    test('more than two at a time of one account are told to come again, and what is sent again is done once', async t => {
      const { program } = await member(t)
      const ids: string[] = []
      for (let n = 0; n < 5; n++) ids.push(itemIn(await program.post('/lists/first/items', { name: `Pão ${n}` })).id)
      const photos = await Promise.all(ids.map(() => photo({ width: 300, height: 200 })))
      const keys = ids.map(() => ({ headers: { 'idempotency-key': randomUUID() } }))
      const sendAll = () =>
        Promise.all(ids.map((id, n) => send(program, `/lists/first/items/${id}/pictures`, photos[n], keys[n])))
      await eventually(async () => {
        const replies = await sendAll()
        for (const reply of replies) if (reply.status !== 201) assertProblem(reply, 503, 'busy')
        assert.ok(replies.every(({ status }) => status === 201))
      })
      for (const id of ids) assert.equal(itemIn(await program.get(`/lists/first/items/${id}`)).pictures.length, 1)
    })

    test('the document says what a picture may be, and is no JSON', async () => {
      const { paths } = await documentOf(site.server.url)
      const operation = paths['/api/v1/lists/{list}/items/{item}/pictures']?.post as unknown as {
        requestBody: { required: boolean; content: Record<string, { schema: { type: string; format: string } }> }
      }
      assert.equal(operation.requestBody.required, true)
      assert.deepEqual(Object.keys(operation.requestBody.content), [
        'image/jpeg',
        'image/png',
        'image/webp',
        'application/octet-stream'
      ])
      for (const { schema } of Object.values(operation.requestBody.content)) {
        assert.deepEqual([schema.type, schema.format], ['string', 'binary'])
      }
      const read = paths['/api/v1/lists/{list}/items/{item}/pictures/{picture}']?.get
      assert.deepEqual(Object.keys(read?.responses['200']?.content ?? {}), ['image/jpeg'])
    })
  },
  ['sqlite']
)

forEachEngine(
  'a picture that is sent slowly',
  engine => {
    const limitMs = Number(patiently(2000))
    const site = sharedSite(engine, { FILES_DIR: folderOfFiles(), FILES_MS: '60000', DB_REQUEST_MS: String(limitMs) })

    test('is added although sending it took longer than the database may take', async t => {
      const { account } = await signedIn(t, site.server)
      const program = new Program(site.server, await tokenFor(site, account.email, 'write'))
      const { id } = itemIn(await program.post('/lists/first/items', { name: 'Pão' }))
      const sent = await photo()
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const slow = http.request(`${site.server.url}/api/v1/lists/first/items/${id}/pictures`, {
          method: 'POST',
          agent: false,
          headers: {
            authorization: `Bearer ${program.token}`,
            'content-type': 'image/jpeg',
            'idempotency-key': randomUUID(),
            'content-length': sent.length
          }
        })
        slow.once('error', reject)
        slow.once('response', incoming => {
          incoming.resume()
          resolve(incoming.statusCode)
        })
        slow.write(sent.subarray(0, 100))
        wait(limitMs + 500).then(() => slow.end(sent.subarray(100)))
      })
      assert.equal(status, 201)
    })
  },
  ['mariadb', 'postgres']
)
