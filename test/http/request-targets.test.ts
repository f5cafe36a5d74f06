import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { additionForm, eventually, forEachEngine, sessionCookie, sharedSite, signedIn, withinMs } from '../helper.ts'

interface Answer {
  status: number
  headers: Map<string, string>
  text: string
}

/** What a server answers to exactly these bytes, until it closes the connection; the first answer of several. */
function exchange(port: number, bytes: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = net.connect(port, '127.0.0.1', () => socket.write(Buffer.from(bytes, 'latin1')))
    socket.setTimeout(withinMs.answer, () => socket.destroy(new Error('no answer')))
    socket.on('data', chunk => chunks.push(chunk))
    socket.once('error', reject)
    socket.once('close', () => {
      const whole = Buffer.concat(chunks).toString()
      const [head = '', text = ''] = whole.split(/\r\n\r\n([\s\S]*)/)
      const [first = '', ...lines] = head.split('\r\n')
      const headers = new Map(lines.map(line => [line.replace(/:.*/, '').toLowerCase(), line.replace(/^[^:]*: ?/, '')]))
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]), headers, text })
    })
  })
}

forEachEngine('a request for what is no path', engine => {
  const site = sharedSite(engine)
  const ask = (line: string, ...headers: string[]) =>
    exchange(
      site.server.port,
      `${[line, ...(headers.some(name => /^host:/i.test(name)) ? [] : ['Host: here']), ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`
    )
  const isOurs = ({ headers }: Answer) =>
    headers.get('x-served-by') === site.server.name && headers.get('x-content-type-options') === 'nosniff'

  test('gets 400, as a page, as JSON and as an API’s problem, and never the first page', async () => {
    for (const target of [
      '*',
      '**',
      '*foo',
      '*?q=1',
      '*/carrinho/',
      '/#',
      '/login#top',
      '/#/../carrinho/',
      '/login?next=/#top',
      '/caf\xe9',
      '/caf\xc3\xa9',
      '/login\xa0',
      '/a\tb',
      '/\x7f',
      '/%',
      '/%zz',
      '/listas/%c3',
      'http://',
      'http:///carrinho/',
      'http://ana@here/',
      'http://ana:pw@here/',
      'http://[::1/',
      'http://here:x/',
      'http://here/#top',
      'http://here#top',
      'http://here/caf\xe9',
      'ftp://here/',
      'file:///etc/passwd',
      'carrinho://here/',
      // What has no target, or is none.
      '',
      '?q=1',
      'login',
      'a',
      './login',
      '\\login',
      '/log in'
    ]) {
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
        const answer = await ask(`${method} ${target} HTTP/1.1`, 'Accept: text/html')
        assert.equal(answer.status, 400, `${method} ${JSON.stringify(target)}`)
        assert.ok(isOurs(answer), target)
        assert.doesNotMatch(answer.text, /<form|<main/)
        assert.equal(answer.headers.get('set-cookie'), undefined)
      }
    }
    const asJson = await ask('GET * HTTP/1.1', 'Accept: application/json')
    assert.equal((JSON.parse(asJson.text) as { error: string }).error, 'bad_request')
    const problem = await ask('GET /api/v1/lists#first HTTP/1.1')
    assert.match(problem.headers.get('content-type') ?? '', /^application\/problem\+json/)
    assert.equal((JSON.parse(problem.text) as { status: number }).status, 400)
    for (const target of ['*', '/login#top', 'ftp://here/']) {
      const page = await ask(`GET ${target} HTTP/1.1`, 'Accept: text/html', 'Accept-Language: es')
      assert.match(page.text, /<html lang="es/, target)
    }
  })

  test('is in the log as one that was refused', async () => {
    await ask('GET *log HTTP/1.1')
    await eventually(() => assert.ok(site.server.logs.some(line => line.includes('refused at the URL'))))
  })

  test('of the server as a whole gets the methods that it knows', async () => {
    for (const target of ['*', 'http://here', 'http://here:5000']) {
      const answer = await ask(`OPTIONS ${target} HTTP/1.1`)
      assert.equal(answer.status, 204, target)
      assert.ok(isOurs(answer))
      assert.match(answer.headers.get('allow') ?? '', /^GET, HEAD, POST, .*OPTIONS$/)
      assert.equal(answer.text, '')
    }
    // Of one address it is another question.
    for (const target of ['/', '/login', 'http://here/login', 'http://here/']) {
      const answer = await ask(`OPTIONS ${target} HTTP/1.1`)
      assert.equal(answer.status, 405, target)
      assert.match(answer.headers.get('allow') ?? '', /^GET, HEAD/)
    }
    assert.equal((await ask('OPTIONS ** HTTP/1.1')).status, 400)
  })

  test('with its host before it, as proxies are asked, is one for the path on that host', async t => {
    const client = await signedIn(t, site.server)
    await client.addItem({ tipo: 'Figos' })
    const cookie = `Cookie: ${sessionCookie}=${client.cookies.get(sessionCookie)}`
    for (const host of [
      'http://here',
      'http://other.example:81',
      'HTTPS://here',
      'http://[::1]:5000',
      'http://%66oo'
    ]) {
      const list = await ask(`GET ${host}/carrinho/ HTTP/1.1`, cookie, 'Accept: text/html')
      assert.equal(list.status, 200, host)
      assert.match(list.text, /Figos/)
      // Links and forms are of this site, and the next page is not of another.
      assert.doesNotMatch(list.text, /other\.example/)
      const login = await ask(`GET ${host}/carrinho/?loja=Mercado HTTP/1.1`, 'Accept: text/html')
      assert.equal(login.status, 302, host)
      assert.equal(login.headers.get('location'), `/login?next=${encodeURIComponent('/carrinho/?loja=Mercado')}`)
      assert.equal((await ask(`GET ${host}/health/live HTTP/1.1`)).status, 200, host)
      assert.equal((await ask(`GET ${host}/api/v1/lists HTTP/1.1`)).status, 401, host)
      assert.equal((await ask(`GET ${host}/nada HTTP/1.1`)).status, 404, host)
    }
    for (const target of ['http://here', 'http://here/', 'http://here?x=1', 'http://here/?x=1']) {
      const first = await ask(`GET ${target} HTTP/1.1`, 'Accept: text/html')
      assert.equal(first.status, 200, target)
      assert.match(first.text, /<main/)
    }
  })

  test('names the host by what is before its path, whatever the header says: a form from elsewhere stays refused', async t => {
    const client = await signedIn(t, site.server)
    const body = additionForm(client, 'Figos')
    const post = (target: string, host: string, origin: string) =>
      exchange(
        site.server.port,
        [
          `POST ${target} HTTP/1.1`,
          `Host: ${host}`,
          `Origin: ${origin}`,
          `Cookie: ${[...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')}`,
          'Content-Type: application/x-www-form-urlencoded',
          `Content-Length: ${body.length}`,
          'Connection: close',
          '',
          body
        ].join('\r\n')
      )
    assert.equal((await post('http://here/carrinho/', 'evil.example', 'http://evil.example')).status, 403)
    assert.deepEqual(await client.items(), [])
    assert.equal((await post('http://here/carrinho/', 'proxy.example', 'http://here')).status, 303)
    assert.equal((await client.items()).length, 1)
  })

  test('with two slashes in front is not found, and leads to no other host', async () => {
    for (const target of [
      '//x',
      '//evil.example/',
      '//evil.example/%2e%2e',
      '///',
      '//carrinho/',
      '/\\evil.example',
      '//login'
    ]) {
      const answer = await ask(`GET ${target} HTTP/1.1`, 'Accept: text/html')
      assert.equal(answer.status, 404, target)
      assert.equal(answer.headers.get('location'), undefined, target)
      assert.doesNotMatch(answer.text, /(?:href|action|value)="(?:\/\/|\/\\)/, target)
    }
  })

  test('for a tunnel gets 405, and a request of another protocol 400', async () => {
    for (const target of ['here:443', '127.0.0.1:3306', '/carrinho/', '*']) {
      const answer = await ask(`CONNECT ${target} HTTP/1.1`)
      assert.ok([400, 405].includes(answer.status), `${target}: ${answer.status}`)
      assert.ok(isOurs(answer), target)
      if (target.includes(':')) {
        assert.equal(answer.status, 405)
        assert.match(answer.headers.get('allow') ?? '', /^GET, HEAD/)
      }
    }
    for (const bytes of ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'get / HTTP/1.1\r\nHost: here\r\n\r\n']) {
      const answer = await exchange(site.server.port, bytes)
      assert.equal(answer.status, 400, bytes)
      assert.ok(isOurs(answer), bytes)
    }
  })
})
