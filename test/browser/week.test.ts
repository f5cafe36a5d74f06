import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import {
  eventually,
  freshDatabase,
  newAccount,
  skipWithoutHaproxy,
  startHaproxy,
  startServer,
  webBalancer
} from '../helper.ts'
import {
  launchChromium,
  openPage,
  quickButton,
  quickField,
  say,
  seeList,
  sendSignup,
  suiteOptions,
  tickBox
} from './browser.ts'

/** A folder for stills of each step; without one none are taken. */
const STILLS = process.env.CARRINHO_STILLS

/** Like 3G at its worst, on a phone of five years ago. */
async function slowPhone(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 400,
    downloadThroughput: 50_000,
    uploadThroughput: 50_000
  })
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 })
}

describe('a week’s shopping', { skip: suiteOptions.skip || (skipWithoutHaproxy() ?? false) }, () => {
  test('is written, bought and cleared on a slow phone, by who never saw it before, while a web server is killed', async t => {
    const { env, query } = await freshDatabase(t, 'mariadb')
    const servers = await Promise.all([startServer(t, env), startServer(t, env)])
    const proxy = await startHaproxy(t, webBalancer(servers))
    const browser = await launchChromium()
    t.after(() => browser.close())
    const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 1, isMobile: true, hasTouch: true }
    const page = await openPage(t, { browser, server: proxy }, { ...phone, losesConnections: true })
    await slowPhone(page)
    let still = 0
    const look = async (what: string) => {
      if (!STILLS) return
      mkdirSync(STILLS, { recursive: true })
      await page.screenshot({ path: `${STILLS}/${String(++still).padStart(2, '0')}-${what}.png`, fullPage: true })
    }

    await page.goto('/')
    await look('first')
    await page
      .getByRole('link', { name: say('signup.submit') })
      .first()
      .tap()
    await look('signup')
    await sendSignup(page, newAccount())
    await page.getByText(say('list.empty.title')).waitFor()
    await look('empty')

    const write = async (text: string) => {
      await quickField(page).fill(text)
      await quickButton(page).tap()
      await eventually(async () => assert.equal(await quickField(page).inputValue(), ''))
    }
    await write('2 kg laranjas @Pingo Doce')
    await look('one')
    await write('3x leite @Pingo Doce')
    await write('pão @Padaria')
    await write('½ melancia')
    await write(
      'arroz 1kg @Pingo Doce\nmassa @Pingo Doce\natum 4 latas\n7up @Lidl\npilhas AA\niogurtes x8 @Lidl\nqueijo 200 g @Lidl\novos 12'
    )
    await eventually(async () => assert.equal(await page.locator('#items li').count(), 12))
    await look('written')
    await page.getByRole('button', { name: `${say('list.more')} leite`, exact: true }).tap()
    await look('more')
    const rows = await page.locator('#items li .i').allTextContents()
    t.diagnostic(rows.join(', '))
    for (const [n, name] of rows.entries()) {
      if (n === 4) void servers[0]?.kill()
      await tickBox(page, name).tap()
      assert.equal(await tickBox(page, name).isChecked(), true)
      if (n === 5) await look('shopping')
    }
    await eventually(async () => assert.equal(await page.locator('.done li').count(), rows.length))
    await look('bought')
    await page.getByRole('button', { name: say('list.clear') }).tap()
    await page.getByText(say('list.empty.title')).waitFor()
    await look('cleared')
    await page.reload()
    await page.getByText(say('list.empty.title')).waitFor()

    await quickField(page).pressSequentially('lar')
    const usual = page.locator('.chips').getByRole('button', { name: 'laranjas' })
    await usual.waitFor()
    await look('next-week')
    await usual.tap()
    assert.equal(await quickField(page).inputValue(), '2 kg laranjas @Pingo Doce')
    await quickButton(page).tap()
    await seeList(page, ['2 kg laranjas Pingo Doce'])
    await look('again')

    // Each thing that the finger did is one change, a paste and a clearing too, whatever had to be sent again.
    const kinds = await query('select kind, count(*) as times from changes group by kind order by kind')
    const left = await query('select tipo from compras')
    assert.deepEqual(
      kinds.map(({ kind, times }) => `${times} ${kind}`),
      ['6 add', '1 adjust', '1 clear', '12 tick']
    )
    assert.deepEqual(left, [{ tipo: 'laranjas' }])
  })
})
