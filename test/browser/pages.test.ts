import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { type Account, newAccount, signedIn as signUpClient } from '../helper.ts'
import {
  addItem,
  axeFindings,
  browserSite,
  logIn,
  openPage,
  outgrownElements,
  say,
  signUp,
  smallTargets,
  suiteOptions
} from './browser.ts'

const longWord = 'Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz'.repeat(2).slice(0, 140)

interface Case {
  name: string
  /** The page's own script is empty: axe needs a browser that runs its. */
  withoutScript?: boolean
  open(page: Page, who: Account): Promise<unknown>
}

const signedOut: Case[] = [
  { name: 'the start', open: page => page.goto('/') },
  { name: 'a refused login', open: page => logIn(page, { email: 'ana@example.org', password: 'não é esta' }) },
  { name: 'a refused sign-up', open: page => signUp(page, { ...newAccount(), email: 'ana', password: '' }) },
  { name: 'this server', open: page => page.goto('/servidor') },
  { name: 'the cluster', open: page => page.goto('/cluster') },
  { name: 'the API', open: page => page.goto('/api') },
  { name: 'a page that does not exist', open: page => page.goto('/nada') }
]

async function openRefusedItem(page: Page): Promise<void> {
  await page.goto('/carrinho/')
  await addItem(page, { type: '', quantity: '0', shop: 'Mercado' })
  await page.locator('[aria-invalid]').first().waitFor()
}

const signedIn: Case[] = [
  { name: 'the empty list', open: page => page.goto('/carrinho/') },
  { name: 'a refused item', open: openRefusedItem },
  {
    name: 'the list',
    async open(page) {
      await page.goto('/carrinho/')
      for (const [type, quantity, shop] of [
        ['Pão', '1', 'Padaria'],
        ['🧀 حليب', '12', 'Mercado'],
        [longWord, '9999', longWord]
      ] as const) {
        await addItem(page, { type, quantity, shop })
        await page.locator('.toast').getByText(type).waitFor()
      }
    }
  },
  { name: 'a refused item without scripts', withoutScript: true, open: openRefusedItem },
  {
    name: 'an expired form',
    withoutScript: true,
    async open(page) {
      await page.goto('/carrinho/')
      await page.context().clearCookies({ name: 'carrinho_csrf' })
      await addItem(page, { type: longWord, quantity: '2', shop: 'Mercado' })
    }
  },
  {
    name: 'a refused password',
    async open(page) {
      await page.goto('/conta')
      await page.getByRole('button', { name: say('account.password.submit') }).click()
      await page.locator('[aria-invalid]').first().waitFor()
    }
  },
  {
    name: 'a refused change of name and e-mail',
    async open(page) {
      await page.goto('/conta')
      await page.getByRole('button', { name: say('account.identity.submit') }).click()
      await page.locator('[aria-invalid]').first().waitFor()
    }
  },
  {
    name: 'what was found',
    async open(page) {
      await page.goto('/procurar?q=p%C3%A3o')
      await page.getByRole('heading', { level: 2 }).waitFor()
    }
  },
  { name: 'all lists', open: page => page.goto('/listas/') },
  {
    name: 'a refused new list',
    async open(page) {
      await page.goto('/listas/')
      await page.getByRole('button', { name: say('lists.make') }).click()
      await page.locator('[aria-invalid]').first().waitFor()
    }
  },
  {
    name: 'lists of every kind',
    async open(page) {
      for (const [name, button] of [
        [longWord.slice(0, 80), 'lists.make'],
        ['Guardada', 'lists.make'],
        ['Apagada', 'lists.make'],
        ['O costume', 'lists.makeTemplate']
      ] as const) {
        await page.goto('/listas/')
        await page.getByLabel(say('label.listName')).fill(name)
        await page.getByRole('button', { name: say(button) }).click()
        await page.waitForURL(/listas\/\d+\/$/)
        const options = page.url().replace(/$/, 'opcoes')
        if (name !== 'Guardada' && name !== 'Apagada') continue
        await page.goto(options)
        const act = name === 'Guardada' ? 'lists.putAway' : 'lists.remove'
        await page.getByRole('button', { name: say(act) }).click()
        await page.waitForURL(/listas\/$/)
      }
      await page.goto('/listas/')
    }
  },
  { name: 'the options of a list', open: page => page.goto('/carrinho/opcoes') },
  { name: 'moving items', open: page => page.goto('/carrinho/mover') },
  {
    name: 'a refused move',
    async open(page) {
      await page.goto('/carrinho/mover')
      await page.getByRole('button', { name: say('move.move') }).click()
      await page.getByText(say('move.none')).waitFor()
    }
  },
  {
    name: 'what was ticked before a login',
    async open(page) {
      await page.goto('/carrinho/')
      const id = await page.locator('#items li').first().getAttribute('data-item')
      await page.goto(`/carrinho/marcados?marcar=${id}&desde=${Date.now()}`)
      await page.getByText(say('kept.text')).waitFor()
    }
  },
  { name: 'what changed', open: page => page.goto('/carrinho/historico') },
  { name: 'the list as it was', open: page => page.goto('/carrinho/historico/2') },
  { name: 'the list to print', open: page => page.goto('/carrinho/imprimir') },
  { name: 'the list as text', open: page => page.goto('/carrinho/texto') },
  { name: 'the shops in order', open: page => page.goto('/lojas') },
  { name: 'the order in a shop', open: page => page.goto('/lojas?loja=Mercado') },
  {
    name: 'an item that is changed',
    async open(page) {
      await page.goto('/carrinho/')
      await page.locator('#items .i').first().click()
      await page.waitForURL(/artigo/)
    }
  },
  { name: 'what was bought before', open: page => page.goto('/sugestoes') },
  { name: 'the tokens for programs', open: page => page.goto('/conta/tokens') },
  {
    name: 'a token that was just made',
    async open(page, { password }) {
      await page.goto('/conta/tokens')
      await page.getByLabel(say('label.tokenName')).fill('despensa')
      await page.getByLabel(say('label.confirmPassword')).fill(password)
      await page.getByRole('button', { name: say('tokens.submit') }).click()
      await page.getByLabel(say('tokens.shown.label')).waitFor()
    }
  },
  { name: 'the question before deleting the account', open: page => page.goto('/conta/apagar') },
  {
    name: 'a refused deletion of the account',
    async open(page) {
      await page.goto('/conta/apagar')
      await page.getByRole('button', { name: say('leave.submit') }).click()
      await page.locator('[aria-invalid]').first().waitFor()
    }
  },
  { name: 'the question before logging out', open: page => page.goto('/logout') }
]

async function checkPage(page: Page, who: Account, { withoutScript = false, open }: Case): Promise<void> {
  if (withoutScript) await page.route('**/app.*.js', route => route.fulfill({ contentType: 'text/javascript' }))
  await page.setViewportSize({ width: 390, height: 844 })
  await page.emulateMedia({ colorScheme: 'light' })
  await open(page, who)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.waitForLoadState()

  assert.deepEqual(await smallTargets(page), [])
  assert.ok((await brightness(page)) > 200, 'the page is not light')
  assert.deepEqual(await axeFindings(page), [])
  for (const width of [320, 390, 768, 1280]) {
    await page.setViewportSize({ width, height: 844 })
    assert.deepEqual(await outgrownElements(page), [], `${width} pixels wide`)
  }
  await page.evaluate(`document.documentElement.style.fontSize = '200%'`)
  await page.setViewportSize({ width: 360, height: 844 })
  assert.deepEqual(await outgrownElements(page), [], 'with text of twice the size')
  await page.evaluate(`document.documentElement.style.fontSize = ''`)
  await page.emulateMedia({ colorScheme: 'dark' })
  assert.ok((await brightness(page)) < 60, 'the page is not dark')
  assert.deepEqual(await axeFindings(page, 'colours'), [])
  if (withoutScript) await page.unrouteAll()
}

describe('every page', suiteOptions, () => {
  const site = browserSite()

  for (const [who, cases] of [
    ['a visitor', signedOut],
    ['a customer', signedIn]
  ] as const) {
    test(`${who} has pages without errors that fit a phone`, async t => {
      const client = cases === signedIn ? await signUpClient(t, site.server) : undefined
      // The widest amount there is.
      await client?.get('/carrinho/')
      await client?.post('/carrinho/', { entry: '9999 pacotes de bolachas @Mercado' })
      const page = await openPage(t, site, { as: client })
      for (const one of cases) {
        await t.test(`${one.name} is accessible in light and dark and has targets for thumbs`, () =>
          checkPage(page, client?.account ?? newAccount(), one)
        )
      }
    })
  }

  test('a first visit transfers less than 30 KB, and what has a hashed name is kept for a year', async t => {
    const client = await signUpClient(t, site.server)
    for (const path of ['/', '/carrinho/']) {
      const page = await openPage(t, site, { as: client })
      const devtools = await page.context().newCDPSession(page)
      let bytes = 0
      devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength
      })
      await devtools.send('Network.enable')
      const answers: [string, string][] = []
      page.on('response', response => {
        answers.push([response.request().resourceType(), response.headers()['cache-control'] ?? ''])
      })
      await page.goto(path, { waitUntil: 'networkidle' })
      assert.ok(bytes > 5_000 && bytes < 30_000, `${path}: ${bytes} bytes`)
      assert.ok(answers.length > 3, 'styles and scripts are files of their own')
      for (const [type, caching] of answers) {
        if (type === 'document') assert.equal(caching, 'no-store')
        else assert.match(caching, /max-age=31536000, immutable/)
      }
    }
  })
})

/** Of what lies behind everything, from 0 to 255. */
async function brightness(page: Page): Promise<number> {
  const color = await page
    .locator('body')
    .evaluate(body => body.ownerDocument.defaultView.getComputedStyle(body).backgroundColor)
  return Math.max(...[...String(color).matchAll(/\d+/g)].map(Number))
}
