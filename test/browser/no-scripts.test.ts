import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { translator } from '../../src/i18n/index.ts'
import { Client, newAccount } from '../helper.ts'
import {
  addItem,
  browserSite,
  fillItem,
  logIn,
  logOut,
  openList,
  openPage,
  quantityField,
  quickButton,
  quickField,
  readForm,
  removeButton,
  say,
  seeFocus,
  seeList,
  sendLogin,
  sendSignup,
  shopField,
  signUp,
  suiteOptions,
  tickBox
} from './browser.ts'

describe('without scripts', suiteOptions, () => {
  const site = browserSite()

  test('a newcomer signs up, adds, is corrected, deletes, leaves and comes back', async t => {
    const page = await openPage(t, site, { javaScriptEnabled: false })
    const account = newAccount()
    await signUp(page, { ...account, password: 'curta' })
    await page
      .getByText(say('field.passwordShort', { min: 8 }))
      .first()
      .waitFor()
    await page.getByLabel(say('label.password')).fill(account.password)
    await page.getByRole('button', { name: say('signup.submit') }).click()
    await page.getByText(say('flash.signedUp', { name: account.name })).waitFor()

    await addItem(page, { type: 'Leite', quantity: '6', shop: 'Mercado' })
    await page.getByText(say('flash.added', { type: 'Leite' })).waitFor()
    await addItem(page, { type: 'Pão', quantity: '0', shop: 'Padaria' })
    const alert = page.getByRole('alert')
    await alert.getByText(say('field.amount', { max: 9999 })).waitFor()
    await seeFocus(alert)
    assert.deepEqual(await readForm(page), { type: 'Pão', quantity: '0', shop: 'Padaria' })
    await alert.getByRole('link', { name: say('label.quantity') }).click()
    await seeFocus(quantityField(page))
    await quantityField(page).fill('2')
    await quantityField(page).press('Enter')
    await seeList(page, ['6 Leite Mercado', '2 Pão Padaria'])

    await removeButton(page, 'Leite').click()
    await page.getByText(say('flash.deleted')).waitFor()
    await seeList(page, ['2 Pão Padaria'])
    await logOut(page)
    await page.getByText(say('flash.signedOut')).waitFor()
    await logIn(page, { ...account, password: 'não é esta' })
    await alert.getByText(say('login.failed')).waitFor()
    await logIn(page, account)
    await seeList(page, ['2 Pão Padaria'])
  })

  test('what was ticked is saved by whatever button is pressed next', async t => {
    const items = ['Leite', 'Pão', 'Sal', 'Ovos'].map(tipo => ({ tipo, quantidade: 2, local: 'Mercado' }))
    const { page, client } = await openList(t, site, { items, javaScriptEnabled: false })
    const ticked = async () =>
      (await client.items()).flatMap(row => ('done' in row && row.done ? [row.tipo] : [])).sort()
    const row = (type: string) => page.locator('#items li', { has: page.getByText(type, { exact: true }) })

    await tickBox(page, 'Leite').check()
    await row('Sal').locator('.more').click()
    await page.getByText(say('flash.counted', { type: 'Sal', amount: '3' })).waitFor()
    assert.deepEqual(await ticked(), ['Leite'])

    await tickBox(page, 'Leite').uncheck()
    await tickBox(page, 'Pão').check()
    await quickField(page).fill('Chá')
    await quickButton(page).click()
    await page.getByText(say('flash.quick', { type: 'Chá', amount: '1' })).waitFor()
    assert.deepEqual(await ticked(), ['Pão'])

    await tickBox(page, 'Ovos').check()
    await fillItem(page, { type: 'Arroz', shop: 'Mercado' })
    await shopField(page).press('Enter')
    await page.getByText(say('flash.added', { type: 'Arroz' })).waitFor()
    assert.deepEqual(await ticked(), ['Ovos', 'Pão'])

    await tickBox(page, 'Sal').check()
    await removeButton(page, 'Arroz').click()
    await page.getByText(say('flash.deleted')).waitFor()
    assert.deepEqual(await ticked(), ['Ovos', 'Pão', 'Sal'])

    await tickBox(page, 'Pão').uncheck()
    await page.getByRole('button', { name: say('list.clear') }).click()
    await page.getByText(say('flash.cleared', { count: 2 })).waitFor()
    assert.deepEqual((await client.items()).map(({ tipo }) => tipo).sort(), ['Chá', 'Leite', 'Pão'])
    assert.deepEqual(await ticked(), [])

    // Back to a page that the browser kept, or loads anew: its boxes are those of the list.
    await tickBox(page, 'Leite').check()
    await page.reload()
    await seeList(page, ['1 Chá Em qualquer loja', '2 Pão Mercado', '2 Leite Mercado'])
    assert.equal(await tickBox(page, 'Leite').isChecked(), false)
  })

  test('what was ticked is saved by the buttons of the language, of what can be undone, and that log out, too', async t => {
    const items = ['Leite', 'Pão', 'Sal', 'Ovos'].map(tipo => ({ tipo, quantidade: 2, local: 'Mercado' }))
    const { page, client } = await openList(t, site, { items, javaScriptEnabled: false })
    const ticked = async () =>
      (await client.items()).flatMap(row => ('done' in row && row.done ? [row.tipo] : [])).sort()

    await tickBox(page, 'Leite').check()
    await quickField(page).fill('2 kg arroz')
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByLabel(translator('en')('quick.label'), { exact: true }).waitFor()
    assert.equal(await page.locator('#f-entry').inputValue(), '2 kg arroz', 'what was typed is kept')
    assert.deepEqual(await ticked(), ['Leite'])
    await page.getByRole('button', { name: 'Português' }).click()
    await page.locator('#f-entry').fill('')

    await removeButton(page, 'Sal').click()
    await page.getByText(say('flash.deleted')).waitFor()
    await tickBox(page, 'Pão').check()
    await page.getByRole('button', { name: say('undo.button') }).click()
    await page.getByText(say('undo.done')).waitFor()
    assert.deepEqual(await ticked(), ['Leite', 'Pão'])
    assert.equal((await client.items()).length, 4)

    // None of them is what the Enter key presses.
    await tickBox(page, 'Leite').uncheck()
    await tickBox(page, 'Leite').press('Enter')
    await page.getByText(say('flash.unticked', { type: 'Leite' })).waitFor()
    await tickBox(page, 'Ovos').check()
    await logOut(page)
    await page.getByText(say('flash.signedOut')).waitFor()
    await client.login(client.account)
    assert.deepEqual(await ticked(), ['Ovos', 'Pão'])
  })

  test('what was ticked on a page whose session had ended is shown after the login, and saved with one press', async t => {
    const items = ['Leite', 'Pão', 'Sal'].map(tipo => ({ tipo, quantidade: 2, local: 'Mercado' }))
    const { page, client } = await openList(t, site, { items, javaScriptEnabled: false })
    await tickBox(page, 'Sal').check()
    await page.getByRole('button', { name: say('list.save') }).click()
    await page.getByText(say('flash.ticked', { type: 'Sal' })).waitFor()
    await client.logout()

    await tickBox(page, 'Leite').check()
    await tickBox(page, 'Sal').uncheck()
    await quickField(page).fill('2 kg arroz')
    await page.getByRole('button', { name: say('list.save') }).click()
    await page.getByText(say('login.keptBoxes')).waitFor()
    await sendLogin(page, client.account)
    await page.getByRole('heading', { level: 1, name: say('kept.title') }).waitFor()
    assert.deepEqual(await page.locator('.choices label').allInnerTexts(), [
      'Leite 2 · Mercado',
      `Sal 2 · Mercado · ${say('kept.unticked')}`
    ])
    assert.ok(await page.getByLabel('Leite').isChecked())
    assert.ok(!(await page.getByLabel('Sal').isChecked()))
    await page.getByRole('button', { name: say('list.save') }).click()
    await seeList(page, ['2 Sal Mercado', '2 Pão Mercado', '✓ Leite 2 · Mercado'])
    assert.equal(await quickField(page).inputValue(), '2 kg arroz')
    await page.reload()
    await seeList(page, ['2 Sal Mercado', '2 Pão Mercado', '✓ Leite 2 · Mercado'])
  })

  test('with scripts the same buttons do what they say, and nothing else', async t => {
    const { page, client } = await openList(t, site, { items: [{ tipo: 'Leite' }, { tipo: 'Pão' }] })
    await page.goto('/carrinho/?loja=Mercado')
    await tickBox(page, 'Leite').check()
    await page.getByText(say('list.js.ticked', { type: 'Leite' })).waitFor()
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByLabel(translator('en')('quick.label'), { exact: true }).waitFor()
    assert.match(page.url(), /loja=Mercado/)
    await page.getByRole('button', { name: 'Português' }).click()
    await seeList(page, ['5 Pão Mercado', '✓ Leite 5 · Mercado'])
    await logOut(page)
    await page.getByText(say('flash.signedOut')).waitFor()
    assert.ok(!(await client.isSignedIn()))
  })

  test('the language is chosen on the page', async t => {
    const page = await openPage(t, site, { javaScriptEnabled: false })
    await page.goto('/signup')
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByRole('heading', { level: 1, name: 'Create account' }).waitFor()
    await page.getByRole('button', { name: 'Español' }).click()
    await page.getByRole('heading', { level: 1, name: 'Crear cuenta' }).waitFor()
  })

  test('the password is changed and the other sessions are ended', async t => {
    const page = await openPage(t, site, { javaScriptEnabled: false })
    const account = newAccount()
    await signUp(page, account)
    await seeList(page, [])
    const phone = new Client(t, site.server)
    await phone.login(account)

    await page.getByRole('link', { name: say('nav.account') }).click()
    const endOthers = page.getByRole('button', { name: say('account.sessions.endOthers') })
    await page
      .getByRole('region', { name: say('account.sessions.title') })
      .getByLabel(say('label.confirmPassword'))
      .fill('não é esta')
    await endOthers.click()
    await page.getByText(say('field.passwordWrong')).first().waitFor()
    await page
      .getByRole('region', { name: say('account.sessions.title') })
      .getByLabel(say('label.confirmPassword'))
      .fill(account.password)
    await endOthers.click()
    await page.getByText(say('flash.sessionsEnded', { count: 1 })).waitFor()
    await page.getByText(say('account.sessions.none')).waitFor()
    assert.ok(!(await phone.isSignedIn()))

    const password = 'outra frase curta'
    await changePassword(page, { current: 'não é esta', next: password, again: 'outra frase' })
    await page.getByText(say('field.passwordMismatch')).first().waitFor()
    await changePassword(page, { current: 'não é esta', next: password, again: password })
    await page.getByText(say('field.passwordWrong')).first().waitFor()
    await changePassword(page, { current: account.password, next: password, again: password })
    await page.getByText(say('flash.passwordChanged')).waitFor()
    await logOut(page)
    await logIn(page, { ...account, password })
    await page.waitForURL('**/carrinho/')
  })

  test('an expired sign-up asks for the password again, and for nothing else', async t => {
    const page = await openPage(t, site, { javaScriptEnabled: false })
    const account = newAccount()
    const password = page.getByLabel(say('label.password'))
    await page.goto('/signup')
    await page.context().clearCookies()
    await sendSignup(page, account)
    await page.getByRole('heading', { name: say('csrf.expired.title') }).waitFor()
    assert.equal(await page.getByLabel(say('label.email')).inputValue(), account.email)
    assert.equal(await password.inputValue(), '')
    await password.fill(account.password)
    await page.getByRole('button', { name: say('resend.submit') }).click()
    await page.getByText(say('flash.signedUp', { name: account.name })).waitFor()
  })
})

async function changePassword(page: Page, typed: { current: string; next: string; again: string }): Promise<void> {
  await page.getByLabel(say('label.currentPassword')).fill(typed.current)
  await page.getByLabel(say('label.newPassword'), { exact: true }).fill(typed.next)
  await page.getByLabel(say('label.repeatPassword')).fill(typed.again)
  await page.getByRole('button', { name: say('account.password.submit') }).click()
}
