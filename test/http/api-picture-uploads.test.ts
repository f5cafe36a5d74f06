import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import http from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import {
  addedIn,
  apiSite,
  assertProblem,
  documentOf,
  eventually,
  filesIn,
  folderOfFiles,
  forEachEngine,
  itemIn,
  ofPhone,
  Program,
  pathOf,
  patiently,
  photo,
  sendPicture,
  sharedSite,
  signedIn,
  tokenFor,
  wait
} from '../helper.ts'

/** The body follows, by whoever calls. */
const beginSending = ({ url }: { url: string }, { token }: Program, path: string, length: number) =>
  http.request(`${url}/api/v1${path}`, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'image/jpeg',
      'idempotency-key': randomUUID(),
      'content-length': length
    }
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
      ['AVIF', latin('\0\0\0\x1cftypavif\0\0\0\0avifmif1'), 415, 'not_a_picture', /JPEG, PNG and WebP/],
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
        const { errors } = assertProblem(await sendPicture(program, path, await make(), key), status, code)
        assert.deepEqual(
          errors?.map(({ field, in: place, pointer }) => [field, place, pointer]),
          [['body', 'body', '']]
        )
        assert.match(errors?.[0]?.detail ?? '', detail)
        assert.deepEqual(await filesIn(folder), before)
        assert.equal((await sendPicture(program, path, await photo({ width: 60, height: 40 }), key)).status, 201)
      })
    }

    test('another type than one of pictures is refused before it is read as anything', async t => {
      const { program } = await member(t)
      const { id } = itemIn(await program.post('/lists/first/items', { name: 'Pão' }))
      const path = `/lists/first/items/${id}/pictures`
      const sent = await photo({ width: 60, height: 40 })
      const packed = { 'content-type': 'image/jpeg', 'content-encoding': 'gzip' }
      for (const body of [sent, gzipSync(sent)]) {
        assertProblem(await sendPicture(program, path, body, { headers: packed }), 415, 'unsupported_media_type')
      }
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
        const reply = await sendPicture(program, path, sent, { headers: { 'content-type': type } })
        assertProblem(reply, 415, 'unsupported_media_type')
      }
      // Nor does any other route take a picture, or more than it did.
      for (const other of ['/lists/first/items', `/lists/first/items/${id}/adjust`, '/lists']) {
        assertProblem(await sendPicture(program, other, sent), 415, 'unsupported_media_type')
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
        const cut = beginSending(site.server, program, path, sent.length)
        cut.once('error', () => resolve())
        cut.write(sent.subarray(0, sent.length >> 1), () => cut.destroy(new Error('cut')))
      })
      assert.equal((await sendPicture(program, path, await photo({ width: 60, height: 40 }))).status, 201)
      assert.equal((await filesIn(folder)).length, before.length + 2)
    })

    test('a file that the disk has lost or changed is not there, and the others are', async t => {
      const { program } = await member(t)
      const { id } = itemIn(await program.post('/lists/first/items', { name: 'Pão' }))
      const path = `/lists/first/items/${id}/pictures`
      const sent = await photo()
      const bad = addedIn(await sendPicture(program, path, sent))
      const good = addedIn(await sendPicture(program, path, await photo()))
      await writeFile(join(folder, bad.id.slice(0, 2), bad.id), 'something else')
      assertProblem(await program.get(pathOf(bad.url)), 404, 'not_found')
      assert.equal((await program.get(pathOf(good.url))).status, 200)
      assert.equal((await sendPicture(program, path, sent)).status, 200)
      assert.equal((await program.get(pathOf(bad.url))).status, 200)
    })

    test('more than two at a time of one account are told to come again, and what is sent again is done once', async t => {
      const { program } = await member(t)
      const ids: string[] = []
      for (let n = 0; n < 5; n++) ids.push(itemIn(await program.post('/lists/first/items', { name: `Pão ${n}` })).id)
      const photos = await Promise.all(ids.map(() => photo({ width: 300, height: 200 })))
      const keys = ids.map(() => ({ headers: { 'idempotency-key': randomUUID() } }))
      const sendAll = () =>
        Promise.all(ids.map((id, n) => sendPicture(program, `/lists/first/items/${id}/pictures`, photos[n], keys[n])))
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
        const slow = beginSending(site.server, program, `/lists/first/items/${id}/pictures`, sent.length)
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
