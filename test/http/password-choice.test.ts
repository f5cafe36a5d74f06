import assert from 'node:assert/strict'
import { test } from 'node:test'
import argon2 from 'argon2'
import { type Language, languages, type MessageKey, translator } from '../../src/i18n/index.ts'
import {
  Client,
  cli,
  findInput,
  forEachEngine,
  newAccount,
  ownProcess,
  sharedSite,
  signedIn,
  visibleText
} from '../helper.ts'

/** Each with what is wrong with it, for an account as `newAccount` makes them. */
const weak: [password: string, key: MessageKey][] = [
  ['password123', 'field.passwordCommon'],
  ['PASSWORD123', 'field.passwordCommon'],
  ['palavra-passe', 'field.passwordCommon'],
  ['aaaaaaaaaa', 'field.passwordCommon'],
  ['ana.sousa.2027', 'field.passwordOwn'],
  ['SousaAna', 'field.passwordOwn']
]

forEachEngine('a weak password', engine => {
  const site = sharedSite(engine)

  for (const language of languages) {
    test(`is refused at its field when somebody signs up, in ${language}`, async t => {
      const account = newAccount()
      for (const [password, key] of [...weak, [account.email, 'field.passwordOwn'] as const]) {
        const client = await visitor(t, language)
        await client.get('/signup')
        const reply = await client.post('/signup', { ...account, password })
        assertRefused(reply, 'password', password, translator(language)(key))
        assert.equal(findInput(reply.text, 'email')?.value, account.email, 'what was typed is kept')
      }
    })

    test(`is refused at its field when somebody changes it, in ${language}`, async t => {
      const client = await signedIn(t, site.server)
      client.cookies.set('carrinho_lang', language)
      for (const [password, key] of weak) {
        await client.get('/conta')
        const form = { password: client.account.password, new_password: password, new_password_again: password }
        const reply = await client.post('/conta/password', form)
        assertRefused(reply, 'new_password', password, translator(language)(key))
      }
      await new Client(t, site.server).login(client.account)
    })
  }

  const visitor = async (t: Parameters<typeof signedIn>[0], language: Language) => {
    const client = new Client(t, site.server)
    client.cookies.set('carrinho_lang', language)
    return client
  }

  function assertRefused(reply: { status: number; text: string }, field: string, password: string, said: string): void {
    assert.equal(reply.status, 400, password)
    const input = findInput(reply.text, field)
    assert.equal(input?.['aria-invalid'], 'true', password)
    assert.equal(input?.value, '', 'it is not sent back')
    assert.ok(visibleText(reply.text).includes(said), `${said} for ${password}`)
  }

  test('is refused by the commands, and says why', ownProcess, async t => {
    const account = newAccount()
    const add = ['user', 'add', account.email, '--name', account.name, '--password-stdin']
    for (const [password, key] of [...weak, [account.email, 'field.passwordOwn'] as const]) {
      const added = await cli(add, site.database.env, `${password}\n`)
      assert.equal(added.code, 2, password)
      assert.equal(added.stderr.trim(), `password: ${translator('en')(key)}`)
      assert.equal(added.stdout, '')
    }
    assert.equal((await cli(add, site.database.env, account.password)).code, 0)
    const passwd = ['user', 'passwd', account.email, '--password-stdin']
    for (const [password, key] of weak) {
      const set = await cli(passwd, site.database.env, `${password}\n`)
      assert.equal(set.code, 2, password)
      assert.equal(set.stderr.trim(), `password: ${translator('en')(key)}`, 'the name is looked up')
    }
    await new Client(t, site.server).login(account)
  })

  test('that an account has from earlier still logs in, and can be changed', async t => {
    for (const password of ['password123', 'anasousa', 'x']) {
      const client = await signedIn(t, site.server)
      const hash = await argon2.hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
      await site.database.query(`update clientes set password = '${hash}' where email = '${client.account.email}'`)
      const browser = new Client(t, site.server)
      await browser.login({ ...client.account, password })
      await browser.get('/conta')
      const next = 'uma frase nova e comprida'
      const reply = await browser.post('/conta/password', { password, new_password: next, new_password_again: next })
      assert.equal(reply.status, 303)
    }
  })
})
