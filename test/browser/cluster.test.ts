import assert from 'node:assert/strict'
import { before, describe, type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import {
  eventually,
  type Haproxy,
  signedIn,
  skipWithoutHaproxy,
  startHaproxy,
  startServer,
  type TestServer,
  tcpProxy,
  webBalancer
} from '../helper.ts'
import { axeFindings, browserSite, openPage, outgrownElements, say, smallTargets, suiteOptions } from './browser.ts'

const verdict = (page: Page) => page.locator('#ledger .verdict')
const figure = async (page: Page, name: string) => Number(await page.locator(`[data-figure="${name}"]`).textContent())
const writeButton = (page: Page) => page.locator('#write')
const marks = (page: Page) =>
  page.locator('#strip .cell > .mark:first-child').evaluateAll(cells => cells.map(cell => cell.textContent).join(''))

/** Starts the ledger and waits until it has something to show. */
async function startLedger(page: Page): Promise<void> {
  await writeButton(page).click()
  await seeGood(page, 3)
}

/** Nothing lost, with as many items acknowledged. Asked at a person's pace: the page has to write meanwhile. */
const seeGood = (page: Page, acknowledged: number): Promise<void> =>
  eventually(
    async () => {
      await page.locator('#check').click()
      const shown = await page.locator('#ledger').innerText()
      assert.equal(await verdict(page).getAttribute('data-verdict'), 'good', shown)
      assert.ok((await figure(page, 'acknowledged')) >= acknowledged, shown)
      assert.equal(await figure(page, 'present'), await figure(page, 'acknowledged'))
    },
    { everyMs: 300 }
  )

/** All that a screen reader is told from now on: on a busy machine a gap between two answers may be the latest news. */
async function noteAnnouncements(page: Page): Promise<() => Promise<string>> {
  const said = await page.evaluateHandle<string[]>(`(() => {
    const place = document.getElementById('announce')
    const texts = []
    new MutationObserver(() => texts.push(place.textContent)).observe(place, { childList: true, characterData: true, subtree: true })
    return texts
  })()`)
  return async () => (await said.jsonValue()).join('\n')
}

async function openCluster(t: TestContext, site: Parameters<typeof openPage>[1], options = {}): Promise<Page> {
  const page = await openPage(t, site, options)
  await page.goto('/cluster')
  return page
}

describe('the page for demonstrations', suiteOptions, () => {
  const site = browserSite()

  test('without scripts says who answered, and what needs scripts', async t => {
    const page = await openCluster(t, site, { javaScriptEnabled: false })
    await page.locator('#path').getByText(site.server.name).waitFor()
    await page.getByText(say('cluster.noScript')).waitFor()
    assert.ok(!(await writeButton(page).isVisible()))
    await page.getByRole('link', { name: say('cluster.again') }).click()
    await page.locator('#path').getByText(site.server.name).waitFor()
  })

  test('says that there is no balancer where none named itself, can be paused, and starts over', async t => {
    const page = await openCluster(t, site)
    await page.getByText(say('cluster.js.direct')).waitFor()
    await page.getByRole('button', { name: say('cluster.js.pause') }).click()
    await page.locator('#pulse').getByText(say('cluster.js.paused')).waitFor()
    const before = await marks(page)
    await page.waitForTimeout(600)
    assert.equal(await marks(page), before)
    await page.getByRole('button', { name: say('cluster.restart') }).click()
    assert.equal(await marks(page), '')
    await page.getByRole('button', { name: say('cluster.js.resume') }).click()
    await eventually(async () => assert.match(await marks(page), /AA/))
    assert.equal(await page.locator('#events li').count(), 0, 'a pause is no gap')
  })

  test('does not write on a list that is somebody’s', async t => {
    const client = await signedIn(t, site.server)
    const page = await openCluster(t, site, { as: client })
    await writeButton(page).click()
    await page.getByText(say('cluster.ledger.ownList')).waitFor()
    assert.deepEqual(await client.items(), [])
    await page
      .locator('#own-list')
      .getByRole('button', { name: say('nav.logout') })
      .click()
    await page.getByText(say('flash.signedOut')).waitFor()
    await page.goto('/cluster')
    await startLedger(page)
    assert.equal(await page.locator('#logins strong').textContent(), '0')
  })

  test('says so where no list of its own can be had', async t => {
    const closed = await startServer(site.scope, { ...site.database.env, SIGNUP: 'closed' })
    const page = await openCluster(t, { ...site, server: closed })
    await writeButton(page).click()
    await page.getByText(say('cluster.ledger.closed')).waitFor()
    assert.equal(await verdict(page).getAttribute('data-verdict'), 'nothing')
  })

  test('keeps the ledger through a reload, counts a session that was lost, and cleans up', async t => {
    const page = await openCluster(t, site)
    await startLedger(page)
    await page.reload()
    await seeGood(page, 4)
    const email = await page.evaluate(async () => {
      const answer = await fetch('/cluster', { headers: { accept: 'application/json' } })
      return ((await answer.json()) as { session: { email: string } }).session.email
    })
    await site.database.query(
      'delete from sessions where customer_id = (select id_cliente from clientes where email = ?)',
      [email]
    )
    await page.getByText(say('cluster.js.signedOut')).waitFor()
    assert.equal(await page.locator('#logins strong').textContent(), '1')
    // Signed out, it signs in first, as it does to write.
    await page.locator('#clean').click()
    await page.getByText(say('cluster.js.cleaned')).waitFor()
    assert.equal(await verdict(page).getAttribute('data-verdict'), 'nothing')
    await startLedger(page)
    await page.locator('#clean').click()
    await page.getByText(say('cluster.js.cleaned')).waitFor()
  })

  test('measures a silence, and repeats what got no answer until it is acknowledged', async t => {
    let isLosing = false
    const way = await tcpProxy(t, site.server.port, chunk =>
      isLosing && chunk.toString().startsWith('POST /carrinho/') ? 'lose' : undefined
    )
    const page = await openCluster(t, site, { baseURL: `http://127.0.0.1:${way.port}`, losesConnections: true })
    await startLedger(page)
    isLosing = true
    await page.locator('#doing').getByText('«').waitFor()
    assert.equal(await figure(page, 'inDoubt'), 1)
    await way.cut()
    await page.locator('#pulse[data-state="bad"]').waitFor()
    isLosing = false
    await way.restore()
    await page.locator('#pulse[data-state="good"]').waitFor()
    await page.locator('#strip .label', { hasText: /\d ms/ }).first().waitFor()
    const fault = page.locator('#events .gap').first()
    await fault.getByText(/\d{3,} ms/).waitFor()
    await fault.locator('.result.good').waitFor()
    await seeGood(page, 4)
    assert.equal(await figure(page, 'inDoubt'), 0)
  })

  test('fits a phone and a projector, in light and dark, and is accessible', async t => {
    const page = await openCluster(t, site)
    await startLedger(page)
    for (const [width, height] of [
      [375, 812],
      [1280, 800],
      [1920, 1080]
    ] as const) {
      await page.setViewportSize({ width, height })
      assert.deepEqual(await outgrownElements(page), [], `${width} pixels wide`)
      assert.deepEqual(await smallTargets(page), [], `${width} pixels wide`)
    }
    await page.emulateMedia({ colorScheme: 'light' })
    assert.deepEqual(await axeFindings(page), [])
    await page.emulateMedia({ colorScheme: 'dark' })
    assert.deepEqual(await axeFindings(page, 'colours'), [])
  })
})

describe('a demonstration', { ...suiteOptions, skip: suiteOptions.skip || (skipWithoutHaproxy() ?? false) }, () => {
  const site = browserSite()
  let other: TestServer
  let balancer: Haproxy
  before(async () => {
    other = await startServer(site.scope, site.database.env)
    balancer = await startHaproxy(
      site.scope,
      webBalancer([site.server, other], {
        defaults: ['retry-on conn-failure empty-response response-timeout'],
        frontend: [
          'http-response set-header X-Balancer haproxy01',
          'http-response set-header X-Virtual-Address %[dst] if { dst 127.0.0.1 }'
        ]
      })
    )
  })

  test('shows both servers, one of them killed, nothing lost, and what is lost when it is', async t => {
    const page = await openCluster(t, { browser: site.browser, server: balancer })
    await eventually(async () => assert.match(await marks(page), /A.*B.*A.*B|B.*A.*B.*A/))
    const path = page.locator('#path')
    await path.getByText(say('cluster.js.heldBy', { name: 'haproxy01' })).waitFor()
    await path.getByText('127.0.0.1', { exact: true }).waitFor()
    for (const { name } of [site.server, other]) {
      await page.locator('#legend').getByText(name).waitFor()
      await page.locator('#shares').getByText(name).waitFor()
      await path.getByText(name).waitFor()
    }
    // Not the first of all: a question asked while a server was starting may name no node.
    await page.locator('#strip .mark.node', { hasText: '1' }).first().waitFor()
    await startLedger(page)
    assert.match(
      (await page.locator('#session-text').textContent()) ?? '',
      new RegExp(`${site.server.name}|${other.name}`)
    )

    // Only who gave a good share of the last answers is missed: on a busy machine the balancer may have taken one out for a moment.
    await eventually(async () => {
      const letters = (await marks(page)).replaceAll('·', '')
      assert.ok(letters.length > 24, `the strip fills: ${letters}`)
      for (const letter of 'AB') assert.ok(letters.slice(-12).split(letter).length > 4, `${letter} in ${letters}`)
    })
    await other.kill()
    // A browser that is busy for a moment does not measure, and has not forgotten who answered before.
    await page.evaluate(() => {
      const until = performance.now() + 1200
      while (performance.now() < until);
    })
    await page
      .locator('#events .gone')
      .getByText(say('cluster.js.gone', { name: other.name }))
      .waitFor()
    await path.locator('[data-step="web"]').getByText(site.server.name).waitFor()
    await seeGood(page, 5)
    await page.locator('#events .gone .result.good').waitFor()

    const [row] = await site.database.query(
      "select id_compras as id, tipo from compras where tipo like 'Prova %' order by id_compras desc limit 1"
    )
    assert.ok(row)
    const announced = await noteAnnouncements(page)
    await site.database.query('delete from compras where id_compras = ?', [row.id])
    await page.locator('#check').click()
    await page.locator('.verdict[data-verdict="bad"]').waitFor()
    await verdict(page).getByText(String(row.tipo)).waitFor()
    await verdict(page).getByText(say('cluster.js.bad')).waitFor()
    assert.equal(await figure(page, 'lost'), 1)
    // Of one comparison: the ledger goes on writing, and the next one may come between two questions.
    const [acknowledged, present] = await page
      .locator('[data-figure="acknowledged"], [data-figure="present"]')
      .evaluateAll(figures => figures.map(one => Number(one.textContent)))
    assert.equal(present, Number(acknowledged) - 1)
    assert.match(await announced(), new RegExp(say('cluster.js.bad')))
    assert.deepEqual(await axeFindings(page), [])
    // More writes do not make it right.
    await page.waitForTimeout(1500)
    assert.equal(await verdict(page).getAttribute('data-verdict'), 'bad')
  })
})
