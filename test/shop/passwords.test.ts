import assert from 'node:assert/strict'
import { pbkdf2Sync, scryptSync } from 'node:crypto'
import { describe, test } from 'node:test'
import argon2 from 'argon2'
import { createPasswords } from '../../src/features/accounts/passwords.ts'

const passwords = createPasswords(2)
const word = 'uma palavra-passe'

const pbkdf2 = (iterations: number, method = `pbkdf2:sha256:${iterations}`) =>
  `${method}$c2FsdHNhbHQ$${pbkdf2Sync(word, 'c2FsdHNhbHQ', iterations, 32, 'sha256').toString('hex')}`

test('a password is stored as argon2id with the parameters that OWASP recommends', async () => {
  const hash = await passwords.hash(word)
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.equal(await passwords.verify(hash, word), true)
  assert.equal(await passwords.verify(hash, `${word} `), false)
  assert.equal(passwords.needsUpgrade(hash), false)
})

test("Werkzeug's hashes verify, and ask to be replaced", async () => {
  const scrypt = `scrypt:32768:8:1$sal$${scryptSync(word, 'sal', 64, { N: 32768, r: 8, p: 1, maxmem: 1 << 26 }).toString('hex')}`
  for (const hash of [pbkdf2(150_000), pbkdf2(260_000), pbkdf2(150_000, 'pbkdf2:sha256'), scrypt]) {
    assert.equal(await passwords.verify(hash, word), true, hash)
    assert.equal(await passwords.verify(hash, 'another'), false, hash)
    assert.equal(passwords.needsUpgrade(hash), true, hash)
  }
})

test('what is no hash is never accepted, not even by its own text', async () => {
  const damaged = [
    'passwordsegura',
    '',
    '!',
    'plain$$passwordsegura',
    'pbkdf2:sha256:150000$salt$',
    'pbkdf2:nonsense:1000$salt$00112233445566778899aabbccddeeff',
    'pbkdf2:sha256:999999999999$salt$00112233445566778899aabbccddeeff',
    'scrypt:1:8:1$salt$00112233445566778899aabbccddeeff'
  ]
  for (const stored of damaged) assert.equal(await passwords.verify(stored, stored || word), false, stored)
})

test('nobody takes as long as somebody with another password', async () => {
  const hash = await passwords.hash(word)
  await passwords.verify(undefined, word)
  // The processor's time, which other programs do not lengthen.
  const work = async (stored: string | undefined) => {
    const before = process.cpuUsage()
    await passwords.verify(stored, 'another')
    return process.cpuUsage(before).user
  }
  let [somebody, nobody] = [0, 0]
  for (let i = 0; i < 9; i++) {
    somebody += await work(hash)
    nobody += await work(undefined)
  }
  assert.ok(nobody > somebody / 3 && nobody < somebody * 3, `${nobody} µs to ${somebody} µs`)
})

describe('a password with accents', () => {
  const typed = 'pão com maçã'

  test('is the same composed, decomposed, and pasted with something invisible', async () => {
    for (const made of ['NFC', 'NFD'] as const) {
      const stored = await passwords.hash(typed.normalize(made))
      for (const given of [typed.normalize('NFC'), typed.normalize('NFD'), `\u200e${typed}\u200b`]) {
        assert.ok(await passwords.verify(stored, given), `${made} ${JSON.stringify(given)}`)
      }
      assert.ok(!(await passwords.verify(stored, 'pao com maca')))
    }
  })

  test('hashed as it came, by a release before, still opens its account from any keyboard', async () => {
    for (const old of [typed.normalize('NFD'), typed.normalize('NFC'), 'pala\u200bvra passe']) {
      const stored = await argon2.hash(old, { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 })
      for (const given of new Set([old, old.normalize('NFC'), old.normalize('NFD')])) {
        assert.ok(await passwords.verify(stored, given), JSON.stringify([old, given]))
      }
    }
  })
})
