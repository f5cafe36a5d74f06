import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Locator } from 'playwright-core'
import { eventually, newAccount } from '../helper.ts'
import {
  addButton,
  addItem,
  browserSite,
  fillItem,
  isMarked,
  logIn,
  logOut,
  markWindow,
  openFields,
  openList,
  openPage,
  outgrownElements,
  quantityField,
  quickButton,
  quickField,
  removeButton,
  say,
  seeFocus,
  seeList,
  shopField,
  signUp,
  suiteOptions,
  tickBox,
  typeField
} from './browser.ts'

type Box = Record<'left' | 'right' | 'top' | 'bottom' | 'width' | 'height', number>

describe('the list in a browser', suiteOptions, () => {
  const site = browserSite()

  test('a newcomer signs up, adds and deletes without a reload, leaves, and finds the list again', async t => {
    const account = newAccount()
    const page = await openPage(t, site)
    await signUp(page, account)
    await page.waitForURL('**/carrinho/')
    await page.getByText(say('flash.signedUp', { name: account.name })).waitFor()
    await page.getByText(say('list.empty.title')).waitFor()

    await markWindow(page)
    await addItem(page, { type: 'Leite', quantity: '6', shop: 'Mercado' })
    await seeList(page, ['6 Leite Mercado'])
    await addItem(page, { type: 'Pão', shop: 'Padaria' })
    await seeList(page, ['6 Leite Mercado', '1 Pão Padaria'])
    await page.getByText(say('flash.added', { type: 'Pão' })).waitFor()
    await removeButton(page, 'Pão').click()
    await seeList(page, ['6 Leite Mercado'])
    await page.getByText(say('list.js.removed', { type: 'Pão' })).waitFor()
    assert.ok(await isMarked(page), 'the page was reloaded')

    await logOut(page)
    await page.goto('/carrinho/')
    await page.waitForURL('**/login?next=*')
    await logIn(page, account)
    await page.waitForURL('**/carrinho/')
    await seeList(page, ['6 Leite Mercado'])
  })

  test('what stays on the list stays the same element, with the focus on it, whatever changes around it', async t => {
    const { page, client } = await openList(t, site, { items: [{ tipo: 'Sal' }, { tipo: 'Arroz' }] })
    const salt = page.locator('#items li', { hasText: 'Sal' })
    await salt.evaluate(row => Object.assign(row, { isMarked: true }))
    await client.addItem({ tipo: 'Massa' })
    await removeButton(page, 'Sal').focus()
    await page.locator('item-list').evaluate(list => (list as unknown as { refresh(): Promise<void> }).refresh())
    await seeList(page, ['5 Massa Mercado', '5 Arroz Mercado', '5 Sal Mercado'])
    assert.ok(await salt.evaluate(row => 'isMarked' in row), 'the row is another one')
    await seeFocus(removeButton(page, 'Sal'))
    await page.locator('#shops option').first().waitFor({ state: 'attached' })
    assert.deepEqual(
      await page.locator('#shops option').evaluateAll(options => options.map(option => option.getAttribute('value'))),
      ['Mercado']
    )
  })

  test('deleting the last item shows that nothing is missing', async t => {
    const { page } = await openList(t, site, { items: [{ tipo: 'Sal' }] })
    await removeButton(page, 'Sal').click()
    await page.getByText(say('list.empty.title')).waitFor()
    await seeList(page, [])
  })

  test('what is wrong is said at its field, which has the focus and keeps what was typed', async t => {
    const { page } = await openList(t, site)
    await addItem(page, { type: 'Leite', quantity: 'duas', shop: ' ' })
    await seeError(quantityField(page), say('field.amount', { max: 9999 }))
    await seeError(shopField(page), say('field.required'))
    await seeFocus(quantityField(page))
    assert.equal(await typeField(page).getAttribute('aria-invalid'), null)
    assert.equal(await typeField(page).inputValue(), 'Leite')
    assert.equal(await quantityField(page).inputValue(), 'duas')

    await quantityField(page).fill('2')
    await shopField(page).fill('Mercado')
    await addButton(page).click()
    await seeList(page, ['2 Leite Mercado'])
    assert.equal(await page.locator('[aria-invalid]').count(), 0)
    await seeFocus(typeField(page))
  })

  test('sign-up and login say what is wrong, keep what was typed, and never the password', async t => {
    const account = newAccount()
    const page = await openPage(t, site)
    await signUp(page, { name: 'Ana', email: 'ana', password: 'curta' })
    const email = page.getByLabel(say('label.email'))
    const password = page.getByLabel(say('label.password'))
    await seeError(email, say('field.email'))
    await seeError(password, say('field.passwordShort', { min: 8 }))
    await seeFocus(page.getByRole('alert'))
    assert.match(await page.title(), /^Erro:/)
    assert.equal(await page.getByLabel(say('label.name')).inputValue(), 'Ana')
    assert.equal(await email.inputValue(), 'ana')
    assert.equal(await password.inputValue(), '')
    await page
      .getByRole('alert')
      .getByRole('link', { name: say('label.email') })
      .click()
    await seeFocus(email)

    await signUp(page, account)
    await page.waitForURL('**/carrinho/')
    await logOut(page)
    await logIn(page, { ...account, password: 'não é esta' })
    await page.getByRole('alert').getByText(say('login.failed')).waitFor()
    assert.equal(await email.inputValue(), account.email)
    assert.equal(await password.inputValue(), '')
    await password.fill(account.password)
    await password.press('Enter')
    await page.waitForURL('**/carrinho/')
  })

  test('a note is added without a reload, survives a refusal, and is shown under the name', async t => {
    const { page } = await openList(t, site)
    const note = page.getByLabel(say('label.note'), { exact: true })
    await markWindow(page)
    await fillItem(page, { type: 'Pão', quantity: '0', shop: 'Padaria' })
    await note.fill('Do escuro.\nFatiado <b>fino</b>.')
    await addButton(page).click()
    await page.locator('#e-quantity:not(:empty)').waitFor()
    assert.equal(await note.inputValue(), 'Do escuro.\nFatiado <b>fino</b>.')
    await quantityField(page).fill('2')
    await addButton(page).click()
    await seeList(page, ['2 Pão Do escuro.\nFatiado <b>fino</b>. Padaria'])
    assert.equal(await note.inputValue(), '')
    assert.ok(await isMarked(page), 'the page was reloaded')
    const [name, under] = await Promise.all([
      page.locator('#items .i').boundingBox(),
      page.locator('#items .m').boundingBox()
    ])
    assert.ok(name && under && under.y >= name.y + name.height / 2 && under.x === name.x)
  })

  test('a double click adds once', async t => {
    const { page } = await openList(t, site)
    await fillItem(page, { type: 'Ovos', quantity: '12', shop: 'Mercado' })
    await addButton(page).dblclick()
    await seeList(page, ['12 Ovos Mercado'])
    await page.reload()
    await seeList(page, ['12 Ovos Mercado'])
  })

  test('the quantity goes up and down between its limits', async t => {
    const { page } = await openList(t, site)
    await openFields(page)
    const [fewer, more] = await page.locator('.step').all()
    assert.ok(fewer && more)
    await fewer.click()
    assert.equal(await quantityField(page).inputValue(), '1')
    await more.click()
    await quantityField(page).press('ArrowUp')
    assert.equal(await quantityField(page).inputValue(), '3')
    const after = async (typed: string, button: typeof more) => {
      await quantityField(page).fill(typed)
      await button.click()
      return quantityField(page).inputValue()
    }
    assert.equal(await after('9998', more), '9999')
    for (const typed of ['9999', '9998,5']) assert.equal(await after(typed, more), typed)
    assert.equal(await after('', more), '1')
  })

  test('the quantity’s buttons leave alone what is behind its comma, and what is no number of theirs', async t => {
    const { page } = await openList(t, site)
    await openFields(page)
    const [fewer, more] = await page.locator('.step').all()
    assert.ok(fewer && more)
    for (const [typed, button, then] of [
      ['1,5', more, '2,5'],
      ['1.25', fewer, '0.25'],
      ['0,5', fewer, '0,5'],
      ['0,5', more, '1,5'],
      ['3/4', more, '3/4'],
      ['½', fewer, '½']
    ] as const) {
      await quantityField(page).fill(typed)
      await button.click()
      assert.equal(await quantityField(page).inputValue(), then, typed)
    }
  })

  test('markup, quotes, emoji and right-to-left text are shown literally, and nothing of it runs', async t => {
    const types = [
      '<script>document.title = "run"</script>',
      '<img src=x onerror="document.title = \'run\'">',
      `"aspas" 'plicas' & &amp; {{ 7 * 7 }} \\u0041`,
      '🧀👨‍👩‍👧 queijo',
      'חלב 3%',
      '«{type}» $& $1'
    ]
    const { page } = await openList(t, site)
    for (const type of types) {
      await addItem(page, { type, shop: type })
      await page.getByText(say('flash.added', { type })).waitFor()
    }
    // By the names of the shops, as they are written.
    const rows = [2, 1, 0, 5, 4, 3].map(n => `1 ${types[n]} ${types[n]}`)
    await seeList(page, rows)
    await page.reload()
    await seeList(page, rows)
    for (const type of types) {
      await removeButton(page, type).click()
      await page.getByText(say('list.js.removed', { type })).waitFor()
    }
    await seeList(page, [])
    assert.ok(!(await page.title()).includes('run'))
  })

  test('the Enter key sends what is written in the one field, with Shift it begins a line, and nothing written is said there', async t => {
    const { page } = await openList(t, site, { items: [{ tipo: 'Sal' }] })
    const { keyboard } = page
    const anywhere = say('list.anywhere')
    await quickField(page).focus()
    await keyboard.type('leite')
    await keyboard.press('Enter')
    await seeList(page, [`1 leite ${anywhere}`, '5 Sal Mercado'])
    await eventually(async () => assert.equal(await quickField(page).inputValue(), ''))
    await seeFocus(quickField(page))
    await keyboard.type('pão')
    await keyboard.press('Shift+Enter')
    await keyboard.type('2 kg arroz')
    assert.equal(await quickField(page).inputValue(), 'pão\n2 kg arroz')
    await keyboard.press('Enter')
    await seeList(page, [`2 kg arroz ${anywhere}`, `1 pão ${anywhere}`, `1 leite ${anywhere}`, '5 Sal Mercado'])

    // In the note of the separate fields it begins a line, as anywhere.
    await openFields(page)
    const note = page.getByLabel(say('label.note'))
    await note.fill('fresco')
    await note.press('Enter')
    assert.equal(await note.inputValue(), 'fresco\n')
    await note.fill('')

    for (const send of [() => quickField(page).press('Enter'), () => quickButton(page).press('Enter')]) {
      await page.reload()
      await send()
      await page.locator('#e-entry').getByText(say('field.required')).waitFor()
      await seeFocus(quickField(page))
      assert.equal(await quickField(page).getAttribute('aria-invalid'), 'true')
      assert.equal(await quickField(page).getAttribute('aria-describedby'), 'h-entry e-entry')
    }
  })

  test('it can all be done with the keyboard', async t => {
    const { page } = await openList(t, site, { items: [{ tipo: 'Sal' }, { tipo: 'Arroz' }] })
    // The message of what was added before is gone.
    await page.reload()
    const { keyboard } = page
    await keyboard.press('Tab')
    await seeFocus(page.getByRole('link', { name: say('nav.skip') }))
    await keyboard.press('Enter')
    await keyboard.press('Tab')
    await seeFocus(quickField(page))
    assert.equal(await outlineWidth(quickField(page)), '3px')
    await keyboard.type('2 kg café @Mercado')
    await keyboard.press('Tab')
    await seeFocus(quickButton(page))
    await keyboard.press('Space')
    await seeList(page, ['2 kg café Mercado', '5 Arroz Mercado', '5 Sal Mercado'])
    await seeFocus(quickField(page))

    await keyboard.press('Tab')
    await keyboard.press('Tab')
    await seeFocus(page.locator('summary'))
    await keyboard.press('Enter')
    await keyboard.press('Tab')
    await seeFocus(typeField(page))
    await keyboard.type('Massa')
    await keyboard.press('Tab')
    await seeFocus(quantityField(page))
    await keyboard.press('ArrowUp')
    await keyboard.press('Tab')
    await keyboard.press('Tab')
    await seeFocus(shopField(page))
    await keyboard.type('Mercado')
    await keyboard.press('Enter')
    await seeList(page, ['2 Massa Mercado', '2 kg café Mercado', '5 Arroz Mercado', '5 Sal Mercado'])
    await seeFocus(typeField(page))

    await tickBox(page, 'Massa').focus()
    await keyboard.press('Space')
    await seeList(page, ['2 kg café Mercado', '5 Arroz Mercado', '5 Sal Mercado', '✓ Massa 2 · Mercado'])
    await seeFocus(tickBox(page, 'Massa'))
    await keyboard.press('Space')
    await seeList(page, ['2 Massa Mercado', '2 kg café Mercado', '5 Arroz Mercado', '5 Sal Mercado'])

    await removeButton(page, 'Massa').focus()
    await keyboard.press('Enter')
    await seeFocus(removeButton(page, 'café'))
    await keyboard.press('Enter')
    await seeFocus(removeButton(page, 'Arroz'))
    await keyboard.press('Enter')
    await seeFocus(removeButton(page, 'Sal'))
    await keyboard.press('Space')
    await seeList(page, [])
    await seeFocus(page.locator('#empty'))
  })

  test('each language is chosen on the page, and stays', async t => {
    const { page } = await openList(t, site)
    const texts = [
      ['English', 'en-GB', 'My list'],
      ['Español', 'es-ES', 'Mi lista'],
      ['Português', 'pt-PT', 'A minha lista']
    ] as const
    for (const [name, lang, heading] of texts) {
      await page.getByRole('contentinfo').getByRole('button', { name }).click()
      await page.getByRole('heading', { level: 1, name: heading }).waitFor()
      assert.equal(new URL(page.url()).pathname, '/carrinho/')
      await page.goto('/servidor')
      assert.equal(await page.locator('html').getAttribute('lang'), lang)
      await page.goBack()
    }
    const visitor = await openPage(t, site, { locale: 'es-AR' })
    await visitor.goto('/')
    assert.equal(await visitor.locator('html').getAttribute('lang'), 'es-ES')
  })

  test('a list of several pages is read and emptied to its end', async t => {
    const { page, client } = await openList(t, site)
    await site.database.query(
      `with recursive number (n) as (select 1 union all select n + 1 from number where n < 503)
       insert into compras (id_cliente, tipo, quantidade, local)
       select id_cliente, 'Artigo ' || n, 1, 'Mercado' from clientes, number where email = ?`,
      [client.account.email]
    )
    await page.reload()
    await page.getByRole('link', { name: say('list.older') }).click()
    await seeList(page, ['1 Artigo 3 Mercado', '1 Artigo 2 Mercado', '1 Artigo 1 Mercado'])
    for (const number of [3, 2, 1]) await removeButton(page, `Artigo ${number}`).click()
    // Nothing is left here, so the newest page comes, without a reload.
    await removeButton(page, 'Artigo 503').waitFor()
    assert.equal(await page.getByRole('navigation', { name: say('list.pages') }).count(), 0)
  })

  for (const [size, fontSize] of [
    ['a narrow phone', '100%'],
    ['one with text of twice the size', '200%']
  ] as const) {
    test(`what is said fits on ${size}, with its button, and hides neither the basket nor the page’s end`, async t => {
      const items = [{ tipo: 'Leite' }, { tipo: 'Pão' }]
      const { page } = await openList(t, site, { items, viewport: { width: 360, height: 740 } })
      await page.evaluate(`document.documentElement.style.fontSize = '${fontSize}'`)
      await tickBox(page, 'Pão').click()
      await page.locator('.done li').waitFor()
      const long = 'bolachas de aveia com pepitas de chocolate negro sem açúcar nem ovos'
      for (const [line, message] of [
        [`2 caixas de ${long} @Mercado`, long],
        ['leite', say('flash.keptShop', { shop: 'Mercado' })]
      ] as const) {
        await quickField(page).fill(line)
        await quickButton(page).click()
        await page.locator('.toast p').getByText(message).waitFor()
        // The page makes room for it a moment after it is there.
        await eventually(async () => {
          await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)')
          const boxes = await page.evaluate<Record<'words' | 'note' | 'undo' | 'basket' | 'end', Box>>(`(() => {
          const boxOf = element => element.getBoundingClientRect().toJSON()
          const words = document.createRange()
          words.selectNodeContents(document.querySelector('.toast p'))
          const [note, undo, basket, end] = ['.toast .note', '.toast .undo', '.basket .clear', '.foot p'].map(selector =>
            boxOf(document.querySelector(selector)))
          return { words: boxOf(words), note, undo, basket, end }
        })()`)
          const { words, note, undo, basket, end } = boxes
          for (const [inner, name] of [
            [words, 'words'],
            [undo, 'undo']
          ] as const) {
            const isInside =
              inner.left >= note.left &&
              inner.right <= note.right &&
              inner.top >= note.top &&
              inner.bottom <= note.bottom
            assert.ok(isInside, `${name} of “${line}”: ${JSON.stringify(boxes)}`)
          }
          assert.ok(words.left - note.left >= 12 && note.right - words.right >= 4, 'not at the edge')
          assert.ok(words.right <= undo.left || words.bottom <= undo.top, 'the button is not on the words')
          assert.ok(undo.width >= 44 && undo.height >= 44, JSON.stringify(undo))
          assert.ok(note.left >= 0 && note.right <= 360 && note.bottom <= 740, JSON.stringify(note))
          assert.ok(basket.bottom <= note.top, `the basket’s button, ${basket.bottom}, is under ${note.top}`)
          assert.ok(end.bottom <= note.top + 1, `${end.bottom} is under ${note.top}`)
        })
      }
      assert.deepEqual(await outgrownElements(page), [])
    })
  }
})

/** The field is marked, and the text that describes it says `message`. */
async function seeError(field: Locator, message: string): Promise<void> {
  await field.and(field.page().locator('[aria-invalid="true"]')).waitFor()
  const ids = (await field.getAttribute('aria-describedby'))?.split(' ') ?? []
  const texts = await Promise.all(ids.map(id => field.page().locator(`#${id}`).textContent()))
  assert.ok(texts.includes(message), `${JSON.stringify(texts)} does not say ${message}`)
}

const outlineWidth = (element: Locator): Promise<string> =>
  element.evaluate(node => node.ownerDocument.defaultView.getComputedStyle(node).outlineWidth)
