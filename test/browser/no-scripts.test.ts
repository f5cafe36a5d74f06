import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { Client, newAccount } from '../helper.ts'
import {
  addItem,
  browserSite,
  logIn,
  logOut,
  openPage,
  quantityField,
  readForm,
  removeButton,
  say,
  seeFocus,
  seeList,
  sendSignup,
  signUp,
  suiteOptions
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
