import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { weaknessOf } from '../../src/features/accounts/password-choice.ts'
import { root } from '../helper.ts'

const ana = { name: 'Inês Magalhães', email: 'ines.m.compras@padaria.example.pt' }

describe('a new password', () => {
  test('is none of the most common ones, however they are written', () => {
    for (const password of [
      ...['password', '12345678', '123456789', 'qwertyuiop', 'iloveyou', 'password1', 'password123', 'qwerty123'],
      ...['1q2w3e4r', '1qaz2wsx', 'abcd1234', 'sunshine', 'football', 'trustno1', 'passw0rd', 'p@ssw0rd', 'welcome1'],
      ...[
        'PASSWORD',
        'Password1',
        'SunShine',
        'ｐａｓｓｗｏｒｄ',
        'pass-word',
        'p a s s w o r d',
        'iloveyou!',
        'pássword'
      ],
      ...[
        'palavra-passe',
        'palavrapasse',
        'senha123',
        'contraseña',
        'carrinho',
        'Contrasena',
        'teamomucho',
        'felicidade'
      ]
    ]) {
      assert.equal(weaknessOf(password, ana), 'field.passwordCommon', password)
    }
  })

  test('is none of the thousands that are both common and long enough, each of them looked up', () => {
    const words = readFileSync(join(root, 'lists/common-passwords.txt'), 'utf8').split('\n').filter(Boolean)
    assert.ok(words.length >= 3000, 'ASVS 6.2.4 asks for 3000')
    assert.deepEqual(words, [...new Set(words)].sort(), 'sorted, each once')
    for (const word of words) {
      assert.ok([...word].length >= 8, `${word} is too short to be chosen anyway`)
      assert.equal(weaknessOf(word, ana), 'field.passwordCommon', word)
    }
  })

  test('is not one thing again and again, nor a row of the alphabet', () => {
    for (const password of [
      'aaaaaaaaaaa',
      'ababababab',
      'xyzxyzxyzxyz',
      '🍊🍊🍊🍊🍊🍊🍊🍊',
      'bcdefghijk',
      '98765432',
      '........'
    ]) {
      assert.equal(weaknessOf(password, ana), 'field.passwordCommon', password)
    }
  })

  test("is not its owner's e-mail or name, nor made of their parts and some digits", () => {
    for (const password of [
      ...['ines.m.compras@padaria.example.pt', 'INES.M.COMPRAS@PADARIA.EXAMPLE.PT', 'ines.m.compras', 'inescompras'],
      ...[
        'Inês Magalhães',
        'inesmagalhaes',
        'magalhaes',
        'MagalhãesInês',
        'magalhaes2024',
        '1999ines.magalhaes',
        'ines+compras1'
      ],
      ...['padaria.example', 'padaria2020', 'Carrinho2027', 'carrinho-ines', 'inesinesines', 'ines19991224']
    ]) {
      assert.equal(weaknessOf(password, ana), 'field.passwordOwn', password)
    }
  })

  test('is anything else: nothing has to be in it, and everything may be', () => {
    for (const password of [
      ...['uma frase curta', 'pão com manteiga', 'correct horse battery staple', 'ines gosta de maçãs', 'x7Fq!p2z'],
      ...['magalhaes e o forno velho', 'só ovos e azeite', '日本語のパスワード', '🍊🥖🧀🍇🍋🥑🥔🥚', '4821973560417']
    ]) {
      assert.equal(weaknessOf(password, ana), undefined, password)
    }
    assert.equal(weaknessOf('uma frase curta', { name: '', email: '' }), undefined)
    assert.equal(
      weaknessOf('ana 482197356041', { name: 'Ana', email: 'ana@example.org' }),
      undefined,
      'its digits are its own'
    )
  })
})
