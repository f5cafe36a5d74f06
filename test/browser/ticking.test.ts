import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { eventually, tcpProxy } from '../helper.ts'
import { browserSite, openList, removeButton, say, seeFocus, seeList, suiteOptions, tickBox } from './browser.ts'

describe('ticking in a browser', suiteOptions, () => {
  const site = browserSite()
  const items = ['Sal', 'Pão', 'Leite'].map(tipo => ({ tipo }))
  const open = ['5 Leite Mercado', '5 Pão Mercado', '5 Sal Mercado']

  test('quick taps on a server that is away end where the finger left them', async t => {
    const proxy = await tcpProxy(t, site.server.port)
    const way = { baseURL: `http://127.0.0.1:${proxy.port}`, losesConnections: true }
    const { page, client } = await openList(t, site, { items, ...way })
    await proxy.cut()
    for (let tap = 0; tap < 5; tap++) await tickBox(page, 'Leite').click()
    for (let tap = 0; tap < 4; tap++) await tickBox(page, 'Pão').click()
    await page.getByText(say('list.js.waiting', { type: 'Leite' })).waitFor()
    assert.equal(await tickBox(page, 'Leite').isChecked(), true)
    assert.equal(await tickBox(page, 'Pão').isChecked(), false)
    await proxy.restore()
    await seeList(page, ['5 Pão Mercado', '5 Sal Mercado', '✓ Leite 5 · Mercado'])
    const done = (await client.items()).filter(item => (item as unknown as { done: boolean }).done)
    assert.deepEqual(
      done.map(({ tipo }) => tipo),
      ['Leite']
    )
  })

  for (const width of [320, 360, 1280]) {
    test(`what takes a short message back is beside it, in a window of ${width} px`, async t => {
      const { page } = await openList(t, site, { items, viewport: { width, height: 740 } })
      const note = page.locator('.toast .note')
      for (const type of ['Sal', 'Pão']) {
        await tickBox(page, type).click()
        await note.getByText(say('list.js.ticked', { type })).waitFor()
      }
      await page.locator('button.clear').click()
      await note.getByText(say('list.js.cleared', { count: 2 })).waitFor()
      const [text, button] = await Promise.all([note.locator('p').boundingBox(), note.locator('.undo').boundingBox()])
      assert.ok(text && button)
      assert.ok(button.y < text.y + text.height && button.x >= text.x, JSON.stringify({ text, button }))
    })
  }

  test('a box ticked before the scripts have run is sent when they have', async t => {
    const { page } = await openList(t, site, { items })
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    await page.route('**/static/app.*.js', async route => {
      await held
      return route.continue()
    })
    await page.goto('/carrinho/', { waitUntil: 'commit' })
    await tickBox(page, 'Leite').check()
    assert.equal(await page.locator('style').count(), 0, 'the scripts are in the page itself')
    release()
    await page.getByText(say('list.js.ticked', { type: 'Leite' })).waitFor()
    await seeList(page, ['5 Pão Mercado', '5 Sal Mercado', '✓ Leite 5 · Mercado'])
    await page.goto('/carrinho/')
    assert.equal(await tickBox(page, 'Leite').isChecked(), true)
  })

  test('rows stay where they are until three seconds after the last tap, then what is ticked goes down', async t => {
    const { page } = await openList(t, site, { items })
    // Stopped: how long this machine takes is no part of the three seconds.
    await page.clock.install()
    await page.clock.pauseAt(Date.now() + 60_000)
    await tickBox(page, 'Leite').click()
    await page.getByText(say('list.js.ticked', { type: 'Leite' })).waitFor()
    await page.clock.runFor(2_500)
    await seeList(page, open)
    await tickBox(page, 'Sal').click()
    await page.getByText(say('list.js.ticked', { type: 'Sal' })).waitFor()
    await page.clock.runFor(2_500)
    await seeList(page, open)
    await eventually(async () => {
      await page.clock.runFor(1_000)
      assert.equal(await page.locator('.done li').count(), 2)
    })
    await seeList(page, ['5 Pão Mercado', '✓ Sal 5 · Mercado', '✓ Leite 5 · Mercado'])
    await seeFocus(tickBox(page, 'Sal'))
  })

  test('what another device deleted meanwhile is told of when it is tapped, and brought back', async t => {
    const { page, client } = await openList(t, site, { items })
    const idOf = async (type: string) => (await client.items()).find(({ tipo }) => tipo === type)?.id
    await client.postJson('/apagar_artigo', { id: await idOf('Leite') })
    await tickBox(page, 'Leite').click()
    await page.getByText(say('flash.goneOne', { type: 'Leite' })).waitFor()
    await page.getByRole('button', { name: say('list.js.undo') }).click()
    await page.getByText(say('undo.done')).waitFor()
    await seeList(page, open)
    await eventually(async () => assert.equal(await tickBox(page, 'Leite').isChecked(), false))

    await client.postJson('/apagar_artigo', { id: await idOf('Pão') })
    await page.getByRole('button', { name: `${say('list.more')} Pão` }).click()
    await page.getByText(say('flash.goneOne', { type: 'Pão' })).waitFor()
    await page.getByRole('button', { name: say('list.js.undo') }).click()
    await page.getByText(say('undo.done')).waitFor()
    await seeList(page, open)
  })

  test('what was done is taken back where it is said, without a reload', async t => {
    const { page } = await openList(t, site, { items })
    await tickBox(page, 'Leite').click()
    await page.getByText(say('list.js.ticked', { type: 'Leite' })).waitFor()
    await page.getByRole('button', { name: say('list.js.undo') }).click()
    await page.getByText(say('undo.done')).waitFor()
    await seeList(page, open)
    await eventually(async () => assert.equal(await tickBox(page, 'Leite').isChecked(), false))
    await removeButton(page, 'Pão').click()
    await page.getByText(say('list.js.removed', { type: 'Pão' })).waitFor()
    await page.getByRole('button', { name: say('list.js.undo') }).click()
    await seeList(page, open)
  })

  test('with the keyboard one goes on at the item that an undo was about', async t => {
    const { page } = await openList(t, site, { items })
    const undo = page.getByRole('button', { name: say('list.js.undo') })
    for (const [act, told] of [
      [removeButton(page, 'Pão'), 'list.js.removed'],
      [tickBox(page, 'Pão'), 'list.js.ticked']
    ] as const) {
      await act.press('Space')
      await page.getByText(say(told, { type: 'Pão' })).waitFor()
      await undo.press('Enter')
      await page.getByText(say('undo.done')).waitFor()
      await seeList(page, open)
      await seeFocus(tickBox(page, 'Pão'))
    }
  })

  test('quick + taps all count', async t => {
    const { page, client } = await openList(t, site, { items: [{ tipo: 'Leite' }] })
    const more = page.getByRole('button', { name: `${say('list.more')} Leite` })
    for (let tap = 0; tap < 7; tap++) await more.click()
    await seeList(page, ['12 Leite Mercado'])
    await eventually(async () => assert.equal((await client.items())[0]?.quantidade, 12))
  })
})
