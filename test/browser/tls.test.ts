import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { freePort, newAccount, skipWithoutHaproxy, startHaproxy, startServer, tempFolder } from '../helper.ts'
import { browserSite, openPage, say, suiteOptions } from './browser.ts'

const run = promisify(execFile)

describe('behind TLS, ended by HAProxy', { skip: suiteOptions.skip || (skipWithoutHaproxy() ?? false) }, () => {
  const site = browserSite()

  test('a browser keeps the cookies, and logging out takes what scripts kept and nothing that the page needs', async t => {
    const folder = await tempFolder(t)
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate]
    ])
    const both = join(folder, 'both.pem')
    await writeFile(both, `${await readFile(certificate, 'utf8')}${await readFile(key, 'utf8')}`)
    const server = await startServer(t, { ...site.database.env, PORT: String(await freePort()) })
    const haproxy = await startHaproxy(
      t,
      ({ port }) => `
global
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  option forwardfor
frontend in
  bind 127.0.0.1:${port} ssl crt ${both}
  http-request set-header X-Forwarded-Proto https
  default_backend web
backend web
  server web01 127.0.0.1:${server.port}
`
    )
    const url = `https://localhost:${haproxy.port}`
    const page = await openPage(t, site, { baseURL: url, ignoreHTTPSErrors: true })
    const account = newAccount()
    await page.goto(`${url}/signup`)
    await page.getByLabel(say('label.name')).fill(account.name)
    await page.getByLabel(say('label.email')).fill(account.email)
    await page.getByLabel(say('label.password')).fill(account.password)
    await page.getByRole('button', { name: say('signup.submit') }).click()
    await page.getByRole('heading', { name: say('list.title') }).waitFor()
    const names = async () => (await page.context().cookies()).map(({ name }) => name).sort()
    assert.deepEqual(await names(), [
      '__Host-carrinho_csrf',
      '__Host-carrinho_known',
      '__Host-carrinho_session',
      '__Host-carrinho_styles'
    ])

    await page.getByRole('button', { name: 'Português' }).click()
    await page.getByRole('heading', { name: say('list.title') }).waitFor()
    const kept = () => page.evaluate('[sessionStorage.getItem("kept"), localStorage.getItem("kept")]')
    await page.evaluate('sessionStorage.setItem("kept", "1"); localStorage.setItem("kept", "1")')
    assert.deepEqual(await kept(), ['1', '1'])
    await page.getByRole('button', { name: say('nav.logout') }).click()
    await page.locator('.note').getByText(say('flash.signedOut')).waitFor()
    assert.deepEqual(await kept(), [null, null])
    assert.deepEqual(await names(), [
      '__Host-carrinho_csrf',
      '__Host-carrinho_known',
      '__Host-carrinho_lang',
      '__Host-carrinho_styles'
    ])
    // Before the servers are: it may still be loading an icon.
    await page.context().close()
  })
})
