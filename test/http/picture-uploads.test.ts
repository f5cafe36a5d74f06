import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import {
  addPhoto,
  filesIn,
  findTags,
  forEachEngine,
  formWith,
  hashOf,
  ofPhone,
  photo,
  photosOn,
  sendPhoto,
  siteWithFiles,
  visibleText,
  withItem
} from '../helper.ts'

forEachEngine(
  'what is no picture',
  engine => {
    const { site, folder } = siteWithFiles(engine)
    const svg = Buffer.from(
      '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
    )
    const plain = () => sharp({ create: { width: 6000, height: 5000, channels: 3, background: '#888' } })
    const cases: [string, () => Promise<Buffer>, RegExp, number?][] = [
      ['nothing', async () => Buffer.alloc(0), /Escolha uma fotografia/],
      ['SVG under any name', async () => svg, /Servem JPEG, PNG e WebP/],
      ['HTML', async () => Buffer.from('<!doctype html><script>alert(1)</script>'), /Servem JPEG, PNG e WebP/],
      ['GIF', async () => Buffer.from('GIF89a\x01\x00\x01\x00\x00\x00\x00;', 'latin1'), /Servem JPEG, PNG e WebP/],
      ['PDF', async () => Buffer.from('%PDF-1.7\n'), /Servem JPEG, PNG e WebP/],
      ['TIFF', async () => plain().resize(50).tiff().toBuffer(), /Servem JPEG, PNG e WebP/],
      ['AVIF', async () => Buffer.from('\0\0\0\x1cftypavif\0\0\0\0avifmif1', 'latin1'), /Servem JPEG, PNG e WebP/],
      ['HEIC', async () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), /HEIC/],
      ['half a picture', async () => (await photo(ofPhone)).subarray(0, 9000), /estragada/],
      [
        'a beginning of one, then SVG',
        async () => Buffer.concat([Buffer.from('\xff\xd8\xff', 'latin1'), svg]),
        /estragada/
      ],
      ['30 million pixels in 100 KB', async () => plain().png().toBuffer(), /20 milhões/],
      ['a header that promises a million by a million', bomb, /20 milhões|estragada/],
      ['more than 8 MB', async () => Buffer.concat([await photo(ofPhone), Buffer.alloc(9 << 20)]), /mais de 8 MB/, 413]
    ]
    for (const [title, make, told, status = 400] of cases) {
      test(`${title}: is refused at the field, and nothing is kept`, async t => {
        const { client, id, page } = await withItem(t, site.server)
        const reply = await sendPhoto(client, id, { bytes: await make(), name: 'foto.jpg', type: 'image/jpeg' })
        assert.equal(reply.status, status)
        assert.match(reply.text, told)
        assert.match(reply.text, /aria-invalid="true"/)
        // At the field and above it: no browser fills a field for files again.
        const again = reply.text.split('<span class="again">O navegador não guardou a fotografia: escolha-a outra vez.')
        assert.equal(again.length - 1, title === 'nothing' ? 0 : 2)
        assert.deepEqual(photosOn((await client.get(page)).text), [])
        assert.deepEqual(await filesIn(folder), [])
      })
    }
  },
  ['sqlite']
)

forEachEngine(
  'odd ways to send a picture',
  engine => {
    const { site, folder } = siteWithFiles(engine)

    test('a polyglot is kept as the picture alone', async t => {
      const { client, id, page } = await withItem(t, site.server)
      const tail = Buffer.from('<script>alert(document.cookie)</script>')
      await addPhoto(client, id, { bytes: Buffer.concat([await photo(), tail]), name: 'x.html', type: 'text/html' })
      const [path = ''] = photosOn((await client.get(page)).text)
      const kept = await client.get(path)
      assert.equal(kept.headers['content-type'], 'image/jpeg')
      assert.ok(!kept.body.includes('<script>'))
    })

    test('a file that the disk gives back otherwise is not shown, nor does it stop the others; sent again it is whole', async t => {
      const { client, id, page } = await withItem(t, site.server)
      const sent = [await photo(), await photo()] as const
      for (const one of sent) await addPhoto(client, id, one)
      const [bad = '', good = ''] = photosOn((await client.get(page)).text)
      const hash = bad.slice(-64)
      await writeFile(join(folder, hash.slice(0, 2), hash), 'something else')
      assert.equal((await client.get(bad)).status, 404)
      assert.equal((await client.get(good)).status, 200)
      await addPhoto(client, id, sent[0])
      assert.equal(hashOf((await client.get(bad)).body), hash)
    })

    test('whose form expired, or who was signed out meanwhile, comes back to the page, which says to choose it again', async t => {
      const { client, page } = await withItem(t, site.server)
      const { type, body } = formWith({ csrf_token: 'old', operation: 'k' }, [{ bytes: await photo() }])
      const send = () => client.send('POST', page, { headers: { 'content-type': type }, body })
      const expired = await send()
      assert.equal(expired.status, 403)
      assert.ok(
        findTags(expired.text, 'a').some(({ href }) => href === `${page}?escolher=1`),
        visibleText(expired.text)
      )
      const told = /O navegador não guardou a fotografia: escolha-a outra vez/
      assert.match(visibleText((await client.get(`${page}?escolher=1`)).text), told)
      assert.doesNotMatch(visibleText((await client.get(page)).text), told)
      await client.logout()
      const { location } = (await send()).headers
      const next = new URL(String(location), site.server.url).searchParams.get('next')
      assert.equal(next, `${page}?escolher=1`)
    })

    test('a file’s name leads nowhere', async t => {
      const { client, id, page } = await withItem(t, site.server)
      for (const name of ['../../../../tmp/owned.jpg', '/etc/cron.d/x', 'C:\\x', 'a\0b', '']) {
        const reply = await sendPhoto(client, id, { bytes: await photo(), name })
        assert.ok([303, 400].includes(reply.status), `${name}: ${reply.status}`)
        for (const path of photosOn((await client.get(page)).text)) {
          await client.post(`${page}/apagar`, { hash: path.slice(-64), operation: name })
        }
      }
      for (const name of await filesIn(folder)) assert.match(name, /^[0-9a-f]{64}$/)
    })

    test('a form that is cut off, has two files, strange fields or no boundary is refused whole', async t => {
      const { client, page } = await withItem(t, site.server)
      await client.get(page)
      const fields = { csrf_token: client.csrf() ?? '', operation: 'k' }
      const bytes = await photo()
      const whole = formWith(fields, [{ bytes }])
      const before = await filesIn(folder)
      const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`x${n}`, 'y']))
      const send = ({ type, body }: { type: string; body: Buffer }) =>
        client.send('POST', page, { headers: { 'content-type': type }, body })
      for (const form of [
        { ...whole, body: whole.body.subarray(0, whole.body.length - 60) },
        { ...whole, body: whole.body.subarray(0, 300) },
        { ...whole, type: 'multipart/form-data' },
        { ...whole, type: 'multipart/form-data; boundary=other' },
        formWith(fields, [{ bytes }, { bytes, field: 'outra' }]),
        formWith({ ...fields, ...many }, [{ bytes }]),
        formWith({ ...fields, x: 'y'.repeat(5000) }, [{ bytes }])
      ]) {
        const reply = await send(form)
        assert.ok(reply.status === 400 || reply.status === 403, `${form.type}: ${reply.status}`)
      }
      assert.equal(
        (
          await send({
            type: 'application/x-www-form-urlencoded',
            body: Buffer.from(new URLSearchParams(fields).toString())
          })
        ).status,
        400
      )
      assert.deepEqual(await filesIn(folder), before)
      assert.deepEqual(photosOn((await client.get(page)).text), [])
    })

    test('no other route takes a form with files', async t => {
      const { client } = await withItem(t, site.server)
      await client.get('/carrinho/')
      const { type, body } = formWith({ csrf_token: client.csrf() ?? '', product_type: 'x' }, [
        { bytes: await photo() }
      ])
      for (const path of ['/carrinho/', '/login', '/apagar_artigo', '/conta/apagar']) {
        const reply = await client.send('POST', path, { headers: { 'content-type': type }, body })
        assert.ok([413, 415].includes(reply.status), `${path}: ${reply.status}`)
      }
    })

    test('a fourth picture is refused at the field', async t => {
      const { client, id, page } = await withItem(t, site.server)
      for (let n = 0; n < 3; n++) await addPhoto(client, id, await photo())
      assert.doesNotMatch((await client.get(page)).text, /type="file"/)
      const reply = await sendPhoto(client, id, await photo())
      assert.equal(reply.status, 409)
      assert.match(reply.text, /já tem 3 fotografias/)
      assert.equal(photosOn((await client.get(page)).text).length, 3)
    })

    test('an account has its limit', async t => {
      const { client, id } = await withItem(t, site.server)
      await addPhoto(client, id, await photo())
      const [row] = await site.database.query('select max(account_id) as id from pictures')
      for (let n = 1; n < 500; n++) {
        const hash = n.toString(16).padStart(64, '0')
        await site.database.query(
          `insert into pictures (account_id, hash, small_hash, bytes, width, height, added_at) values (${row?.id}, '${hash}', '${hash}', 1, 1, 1, 1)`
        )
      }
      const reply = await sendPhoto(client, id, await photo())
      assert.equal(reply.status, 409)
      assert.match(reply.text, /já tem 500 fotografias/)
    })
  },
  ['sqlite']
)

/** A PNG's header, and nothing behind it. */
async function bomb(): Promise<Buffer> {
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#888' } })
    .png()
    .toBuffer()
  png.writeUInt32BE(1_000_000, 16)
  png.writeUInt32BE(1_000_000, 20)
  return png
}
