import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { asEntry, listAsText } from '../../src/features/items/as-text.ts'
import { amountForLine, formatAmount, MAX_QUANTITY, MAX_UNIT, ONE } from '../../src/features/items/quantity.ts'
import { MAX_LINE, MAX_LINES, readEntries } from '../../src/features/items/quick-entry/entries.ts'
import type { Entry } from '../../src/features/items/quick-entry/line.ts'
import { joinShops, splitShops } from '../../src/features/items/quick-entry/shops.ts'
import { languages } from '../../src/i18n/index.ts'
import { isVisible, lengthOf, MAX_TEXT, withoutUnseen } from '../../src/text.ts'
import { cases } from '../helper/fast.ts'

const readAll = (text: string): Entry[] => {
  const read = readEntries(text)
  assert.ok(read.ok, `${text}: ${JSON.stringify(read)}`)
  return read.entries
}

/** As in `2 kg|laranjas|Pingo Doce`; without `1`. */
function shown({ name, thousandths, unit, shop }: Entry): string {
  const amount = thousandths === ONE && unit === '' ? '' : formatAmount(thousandths, unit, 'pt')
  return [amount, name, ...(shop ? [shop] : [])].join('|')
}

const see = (text: string, ...expected: string[]) => assert.deepEqual(readAll(text).map(shown), expected)

const errorsOf = (text: string) => {
  const read = readEntries(text)
  assert.ok(!read.ok, text)
  return read.errors.map(({ line, error }) => `${line} ${error.key}`)
}

describe('one line of quick entry', () => {
  const understood: Record<string, string> = {
    leite: '|leite',
    '2 kg laranjas @Pingo Doce': '2 kg|laranjas|Pingo Doce',
    '2kg laranjas': '2 kg|laranjas',
    '2 Kg de laranjas': '2 kg|laranjas',
    '2 quilos de laranjas': '2 kg|laranjas',
    '500 g fiambre': '500 g|fiambre',
    '500 gr. fiambre': '500 g|fiambre',
    '1,5 l água': '1,5 l|água',
    '1.5L água': '1,5 l|água',
    '20 cl natas': '20 cl|natas',
    '1.000 g farinha': '1000 g|farinha',
    '1,000g flour': '1000 g|flour',
    'água 1.500 ml': '1500 ml|água',
    'farinha (2.000 gramas) @Lidl': '2000 g|farinha|Lidl',
    'farinha @Lidl 1.000 g': '1000 g|farinha|Lidl',
    '9.999 g sal': '9999 g|sal',
    '0.500 g açafrão': '0,5 g|açafrão',
    '1.250 kg carne': '1,25 kg|carne',
    '1,250kg beef': '1,25 kg|beef',
    '12.345 kg carne': '12,345 kg|carne',
    '1.500 quilos de batatas': '1,5 kg|batatas',
    'leite 1.000 l': '1 l|leite',
    '01,500 g açafrão': '1,5 g|açafrão',
    '1.5 pacotes de massa': '1,5 pacotes|massa',
    '1.50 melancia': '1,5|melancia',
    '2 lbs of potatoes': '2 lbs|potatoes',
    '3x leite': '3|leite',
    '3 x leite': '3|leite',
    '3X LEITE': '3|LEITE',
    '3× leite': '3|leite',
    '3×leite': '3|leite',
    '3 leite': '3|leite',
    '3 un leite': '3|leite',
    '3x leite 1L': '3|leite 1L',
    '6 leite 1L': '6|leite 1L',
    '2x 500g massa': '2|500g massa',
    'leite x3': '3|leite',
    'leite x 3': '3|leite',
    'leite ×3': '3|leite',
    'leite 3x': '3|leite',
    'leite 3 un': '3|leite',
    'omega 3 x2': '2|omega 3',
    'leite 1L': '1 l|leite',
    'leite 1 L': '1 l|leite',
    'arroz 500g': '500 g|arroz',
    'água 1,5 l': '1,5 l|água',
    'leite (3)': '3|leite',
    'leite (2x)': '2|leite',
    'arroz (2 pacotes)': '2 pacotes|arroz',
    'arroz (1,5 kg)': '1,5 kg|arroz',
    '½ melancia': '0,5|melancia',
    '½melancia': '0,5|melancia',
    '1/2 melancia': '0,5|melancia',
    '1 ½ kg batatas': '1,5 kg|batatas',
    '½ kg fiambre': '0,5 kg|fiambre',
    'meio quilo de fiambre': '0,5 kg|fiambre',
    'Meio litro de natas': '0,5 l|natas',
    'um quilo e meio de carne': '1,5 kg|carne',
    'quilo e meio de carne': '1,5 kg|carne',
    '2 quilos e meio de batatas': '2,5 kg|batatas',
    'dois litros de leite': '2 l|leite',
    'uma dúzia de ovos': '12|ovos',
    'UMA DUZIA DE OVOS': '12|OVOS',
    'meia dúzia de ovos': '6|ovos',
    '2 dúzias de ovos': '24|ovos',
    'half a dozen eggs': '6|eggs',
    'a dozen eggs': '12|eggs',
    'half a kilo of ham': '0,5 kg|ham',
    'a litre of milk': '1 l|milk',
    'media docena de huevos': '6|huevos',
    'kilo y medio de ternera': '1,5 kg|ternera',
    'medio kilo de jamón @Mercado @Lidl': '0,5 kg|jamón|Mercado, Lidl',
    ' \t2\u00a0kg \u3000 laranjas   @Pingo  Doce ': '2 kg|laranjas|Pingo Doce',
    'pão @Lidl, Pingo Doce': '|pão|Lidl, Pingo Doce',
    'pão @Lidl @lidl @LÍDL': '|pão|Lidl',
    'pão x2 @Padaria 24h': '2|pão|Padaria 24h',
    'pão @Lidl 2 kg': '2 kg|pão|Lidl',
    'pão @Pingo Doce 1 1/2 kg': '1,5 kg|pão|Pingo Doce',
    'pão @Pingo Doce 2x': '2|pão|Pingo Doce',
    'pão @Lidl x2': '2|pão|Lidl',
    'pão @Aldi @Lidl 2 pacotes': '2 pacotes|pão|Aldi, Lidl',
    'pão @Loja 3': '|pão|Loja 3',
    'pão @Padaria 24h': '|pão|Padaria 24h',
    '2 pão @Armazém 5 kg': '2|pão|Armazém 5 kg',
    '@Lidl: pão': '|pão|Lidl',
    '@Pingo Doce: 2 kg laranjas doces': '2 kg|laranjas doces|Pingo Doce',
    '@Pingo Doce 2 kg laranjas': '2 kg|laranjas|Pingo Doce',
    '@Lidl 3x pão': '3|pão|Lidl',
    '@Lidl @Pingo Doce 2 latas de atum': '2 latas|atum|Lidl, Pingo Doce',
    '@Pingo Doce uma dúzia de ovos': '12|ovos|Pingo Doce',
    '@Talho meio quilo de carne': '0,5 kg|carne|Talho',
    '1 caixa ovos': '1 caixa|ovos',
    '1 caixa de leite': '1 caixa|leite',
    '2 pacotes de massa': '2 pacotes|massa',
    '6 caixas de leite 1L': '6 caixas|leite 1L',
    'uma caixa de ovos': '1 caixa|ovos',
    'duas latas de atum': '2 latas|atum',
    'ovos 2 caixas': '2 caixas|ovos',
    '2 dúzias ovos': '24|ovos',
    'dúzia de ovos': '12|ovos',
    '2 garrafões de água @Lidl': '2 garrafões|água|Lidl',
    'dos botes de tomate': '2 botes|tomate',
    '2 cajas de galletas': '2 cajas|galletas',
    'a box of eggs': '1 box|eggs',
    'two cans of tuna': '2 cans|tuna',
    '2 bottles milk': '2 bottles|milk',
    '- leite': '|leite',
    '* 2 kg laranjas': '2 kg|laranjas',
    '"3 Marias" 2 kg': '2 kg|3 Marias',
    '2 "7 vidas" @Lidl': '2|7 vidas|Lidl'
  }
  for (const [line, expected] of Object.entries(understood)) {
    test(`understands “${line}”`, () => see(line, expected))
  }

  const names = (
    '1.000 guardanapos|1,000 napkins|1.500x leite|leite x1.500|leite (1.000)|1.500 pacotes de massa|massa (1.500 pacotes)|12.500 g arroz|' +
    '10.000 leite|1.000 dúzias de ovos|2.250 lbs potatoes|1.000.000 g sal|1.000G pen|12: leite|18:|' +
    '7up|7 Up|leite 0%|omega 3|WD-40|pilhas AA|vitamina B12|100% sumo|100 % sumo|coca-cola zero 33cl|iPhone 15|' +
    '2 em 1 champô|3 in 1 oil|2 en 1 champú|5 estrelas|5 stars|ana@example.pt|escrever a ana@example.pt|@|leite @|@ @|' +
    '4x4|10 x 15 fotos|foto 10 x 15|10x15 fotos|Windows x64|BMW X5|5G router|router 5G|pen 64G|cartão 4G|3M fita|3 M fita|' +
    '30 cm régua|60 W lâmpada|12 anos whisky|saco de 5 kg|bilha de 13kg|água 6 x 1,5 l|água 6x 1L|2 kg|3x|½|12|2 l|007 DVD|' +
    '2027 agenda|vinho (2019)|whisky (12 anos)|1,2,3 leite|1e3 leite|0 leite|0,0 cerveja|10000 leite|-2 leite|1,2345 kg pão|' +
    '24/12 ceia|1º prémio|3-em-1|50 € vale|gram flour|meias|meia elástica|quatro queijos|um bolo|dozen|de|H&M|C++|' +
    'a/b|uma caixa|caixa de ovos|pacotes de massa|a box|<b>pão</b>|"Pão" integral|televisão 32"|🥚🥚|牛奶|#leite|leite @,|2|1 2 3 champô'
  ).split('|')
  for (const name of names) {
    test(`in doubt takes “${name}” for a name`, () => see(name, `|${name}`))
  }

  test('takes what is sold under such a name for a name, with a number before it', () => {
    for (const name of [
      'sacos de lixo',
      'barras de cereais',
      'molho de tomate',
      'can opener',
      'bottle caps',
      'rolos de primavera'
    ]) {
      see(`2 ${name}`, `2|${name}`)
    }
  })

  test('may begin with a shop that is known', () => {
    const shops = ['Lidl', 'Pingo Doce', 'Pingo', '24h']
    const read = (text: string) => {
      const all = readEntries(text, { shops })
      return all.ok ? all.entries.map(shown).join() : all.errors.map(({ error }) => error.key).join()
    }
    assert.equal(read('@Lidl pão'), '|pão|Lidl')
    assert.equal(read('@lídl 2 pães'), '2|pães|lídl')
    assert.equal(read('@Pingo Doce pão doce'), '|pão doce|Pingo Doce')
    assert.equal(read('@Aldi @Lidl pão'), '|pão|Aldi, Lidl')
    for (const only of ['@Lidl', '@pingo doce', '@Aldi pão', '@Lidlo pão'])
      assert.equal(read(only), 'quick.onlyShop', only)
  })

  test('says which parts were written, so that the rest may be filled in', () => {
    const said = (text: string) => readAll(text)[0]?.said
    assert.deepEqual(said('leite'), { quantity: false, unit: false, shop: false })
    assert.deepEqual(said('1 leite'), { quantity: true, unit: false, shop: false })
    assert.deepEqual(said('1 kg arroz @Lidl'), { quantity: true, unit: true, shop: true })
    assert.deepEqual(said('# Lidl\narroz'), { quantity: false, unit: false, shop: true })
  })

  test('that is only a shop, empty, too long or unprintable is refused', () => {
    for (const line of [
      '@Lidl',
      ' @Pingo Doce ',
      '@Lidl @Aldi',
      '@Lidl pão',
      '@Loja 3 Irmãos',
      '@Padaria 24h',
      '@Lidl:',
      '# Lidl',
      '\n\n# Lidl\n',
      '- @Lidl'
    ]) {
      assert.match(errorsOf(line).join(), /^\d quick\.onlyShop$/, line)
    }
    for (const line of ['', ' ', '\n\n', '-', '- [ ]', '\u200b']) {
      assert.deepEqual(errorsOf(line), ['1 field.required'], JSON.stringify(line))
    }
    assert.deepEqual(errorsOf('a'.repeat(MAX_LINE + 1)), ['1 field.tooLong'])
    assert.deepEqual(errorsOf('a'.repeat(MAX_TEXT + 1)), ['1 field.tooLong'])
    assert.deepEqual(errorsOf(`leite @${'a'.repeat(MAX_TEXT + 1)}`), ['1 field.tooLong'])
    assert.deepEqual(errorsOf('lei\u0000te'), ['1 field.controlCharacters'])
    assert.deepEqual(errorsOf('leite @Li\u0007dl'), ['1 field.controlCharacters'])
    see('🥛'.repeat(MAX_TEXT), `|${'🥛'.repeat(MAX_TEXT)}`)
  })
})

describe('a paste of many lines', () => {
  test('is read as Mealie copies a list', () => {
    see(
      '# Fruta\n- [ ] 2 kg laranjas\n- [x] maçãs\n\n# Talho\n- [ ] frango\n- [ ] \n',
      '2 kg|laranjas|Fruta',
      '|maçãs|Fruta',
      '|frango|Talho'
    )
    assert.deepEqual(
      readAll('- [ ] a b\n- [x] c d\n☐ e f\n☑ g h\n[X] i j').map(({ done }) => done),
      [false, true, false, true, true]
    )
  })

  test('has boxes of any program taken off, and what was ticked there is ticked', () => {
    const ticked =
      '[x] leite|[X] leite|[ x ] leite|[✓] leite|[✔️] leite|- [x] leite|* [X] leite|• [x] leite|1. [x] leite|(x) leite|☑ leite|☑️ leite|' +
      '☒ leite|✓ leite|✔ leite|✔︎ leite|✅ leite|✅leite|- ✓ leite|🗹 leite|~~leite~~|- ~~leite~~|~leite~|leite ✅|leite ✔️|- [ ] leite ✅|☑ 1. leite'
    const open =
      '[ ] leite|[] leite|[\u00a0] leite|- [ ] leite|+ [ ] leite|• [ ] leite|( ) leite|☐ leite|☐leite|□ leite|◻️ leite|⬜ leite|' +
      '○ leite|◯ leite|❏ leite|🔲 leite|- ☐ leite|•leite|◦ leite|▪ leite|▪️ leite|● leite|⁃ leite|o\tleite|- leite|– leite'
    for (const [lines, done] of [
      [ticked, true],
      [open, false]
    ] as const) {
      for (const line of lines.split('|')) {
        // Only lines that count have their numbers taken off.
        const [entry] = readAll(/1\./.test(line) ? `${line}\n2. pão` : line)
        assert.deepEqual([entry?.name, entry?.done], ['leite', done], line)
      }
    }
    see('- [x] 2 kg laranjas @Lidl', '2 kg|laranjas|Lidl')
    assert.deepEqual(errorsOf('- [ ]\n☐\n✓\n•'), ['1 field.required'])
  })

  test('has its boxes read on either side of the shop', () => {
    const ticked =
      '@Lidl: [x] leite|@Lidl: ☑ leite|@Lidl: ✓leite|@Lidl: - [x] leite|@Lidl: ~~leite~~|@Lidl: leite ✅|[x] @Lidl: leite|- [x] @Lidl: leite|' +
      '@Lidl [x] leite|@Lidl ☑ leite|- @Lidl: [X] leite|@Lidl @Lidl: [x] leite|leite ✓ @Lidl|~~leite~~ @Lidl|~~leite @Lidl~~|[x] leite @Lidl'
    const open =
      '@Lidl: [ ] leite|@Lidl: ☐ leite|@Lidl: - leite|@Lidl: - [ ] leite|@Lidl [ ] leite|@Lidl ☐ leite|[ ] @Lidl: leite'
    for (const [lines, done] of [
      [ticked, true],
      [open, false]
    ] as const) {
      for (const line of lines.split('|')) {
        const [entry] = readAll(line)
        assert.deepEqual([entry?.name, entry?.shop, entry?.done], ['leite', 'Lidl', done], line)
      }
    }
    see('@Pingo Doce: [x] 2 kg laranjas\n@Pingo Doce [x] 3x leite', '2 kg|laranjas|Pingo Doce', '3|leite|Pingo Doce')
    const known = readEntries('@Lidl [x] pão\n@Lidl - pão', { shops: ['Lidl'] })
    assert.ok(known.ok)
    assert.deepEqual(
      known.entries.map(({ name, shop, done }) => [name, shop, done]),
      [
        ['pão', 'Lidl', true],
        ['pão', 'Lidl', false]
      ]
    )
    assert.deepEqual(errorsOf('@Lidl: [x]\n@Lidl: -\n@Lidl ☐\n@Lidl [x]'), [
      '1 quick.onlyShop',
      '2 quick.onlyShop',
      '3 quick.onlyShop',
      '4 quick.onlyShop'
    ])
    for (const line of ['@Lidl: [x]leite', '@Lidl: [x](leite)']) {
      const [entry] = readAll(line)
      assert.deepEqual([entry?.name, entry?.done], [line.slice(7), false])
    }
  })

  test('keeps what only looks like a box', () => {
    for (const name of ['[x]leite', '[leite]', '(leite)', 'X leite', '[x](leite)', 'o leite', '❌ leite', '~10 ovos']) {
      const [entry] = readAll(name)
      assert.deepEqual([entry?.name, entry?.done], [name, false], name)
    }
  })

  test('is read as plain lines, with bullets or numbers, of any system', () => {
    see('leite\r\npão\rovos\u2028sal\n', '|leite', '|pão', '|ovos', '|sal')
    see('* leite\n• pão\n– 2 ovos', '|leite', '|pão', '2|ovos')
    see('1. leite\n2. 2 kg arroz\n3) 7up', '|leite', '2 kg|arroz', '|7up')
    see('# Lidl\n1. leite\n# Talho\n1. frango\n2. peru', '|leite|Lidl', '|frango|Talho', '|peru|Talho')
  })

  test('is read without the unseen marks of direction that messengers put in front', () => {
    for (const mark of ['\u200e', '\u200f', ' \u200e ', '\u202a\u200e']) {
      const [entry] = readAll(`${mark}2 kg arroz`)
      assert.deepEqual([entry?.name, entry?.thousandths, entry?.unit], ['arroz', 2000, 'kg'])
    }
  })

  test('is read without what comes along unseen, wherever it stands', () => {
    for (const it of '\u200b \u200c \u200d \u200e \u200f \u2060 \u2063 \ufeff \u00ad \u061c \u180e \u202a \u2066'.split(
      ' '
    )) {
      for (const line of [
        `${it}2 kg arroz @Lidl`,
        `2 kg arroz @Lidl${it}`,
        ` ${it} ${it}- [ ]${it} ${it}2${it} kg${it} ${it}arroz${it} ${it}@${it}Lidl${it} ${it}`,
        `${it}@${it}Lidl${it}: ${it}2 kg arroz`,
        `${it}@Lidl${it} 2 kg arroz${it}`,
        `${it}arroz${it} (2 kg)${it} @Lidl`,
        `${it}#${it} ${it}Lidl${it}\n${it}•${it}2 kg arroz${it}`,
        `${it}Lidl:${it}\n\r${it}~~${it}2 kg "${it}arroz${it}"${it}~~`,
        `2 kg arroz @Lidl,${it}Lidl${it},${it}`
      ]) {
        see(line, '2 kg|arroz|Lidl')
      }
      const [entry] = readAll(`leite\n  >${it} ${it}meio gordo${it}`)
      assert.deepEqual([entry?.name, entry?.note], ['leite', 'meio gordo'])
      assert.deepEqual(errorsOf(`- ${it}`), ['1 field.required'])
    }
    // What letters need stays: between them, and where a word ends so.
    for (const name of ['می\u200cخواهم', 'क्\u200dष', 'אב\u200fג', 'അവന്\u200d', '👩\u200d🍳', '❤️']) see(name, `|${name}`)
  })

  test('keeps numbers that do not count the lines', () => {
    see('1. FC Porto cachecol', '|1. FC Porto cachecol')
    see('2. leite\n3. pão', '|2. leite', '|3. pão')
    see('1. leite\npão', '|1. leite', '|pão')
  })

  test('takes the shop of the line before that of the heading', () => {
    see('sal\n# Lidl\npão\nleite @Aldi', '|sal', '|pão|Lidl', '|leite|Aldi')
  })

  test('has a line with a colon at its end for the shop of those below it', () => {
    see('Lidl:\n leite\n pão', '|leite|Lidl', '|pão|Lidl')
    see(
      'sal\nPingo Doce :\n- leite\n\n@Aldi:\npão @Talho\novos',
      '|sal',
      '|leite|Pingo Doce',
      '|pão|Talho',
      '|ovos|Aldi'
    )
    see('@Lidl @Aldi:\nleite\nMercado, Talho:\nsal', '|leite|Lidl, Aldi', '|sal|Mercado, Talho')
    see('- Lidl:\n  - [ ] 2 kg arroz\n  - 7up', '2 kg|arroz|Lidl', '|7up|Lidl')
    see('Lidl:\n1. leite\n2. pão', '|leite|Lidl', '|pão|Lidl')
    see('# Lidl\nleite\n## Fruta\nuvas', '|leite|Lidl', '|uvas|Fruta')
    see('# Sábado\n## Lidl\nleite\nFruta:\nuvas', '|leite|Lidl', '|uvas|Fruta')
    see('"Lidl:"\nleite', '|Lidl:', '|leite')
    see('leite @Lidl:\n[x] Sal:', '|leite|Lidl:', '|Sal:')
    for (const title of ['Lista:', 'LISTA DE COMPRAS:', '🛒 Compras:', 'Shopping list:', 'Lista de la compra :']) {
      see(`${title}\nleite\nLidl:\npão`, '|leite', '|pão|Lidl')
      see(`${title}\nLidl:\npão\n${title}\nsal`, '|pão|Lidl', '|sal')
    }
  })

  test('says which headings have nothing below them, and adds nothing', () => {
    const wrong: Record<string, number[]> = {
      'Lidl:': [1],
      'Pingo Doce :': [1],
      'Lista:': [1],
      '@Lidl @Aldi:': [1],
      'leite\nLidl:': [2],
      'leite\n# Lidl\n\n': [2],
      'Lidl:\nAldi:\nleite': [1],
      'Lidl:\n- [ ]\nAldi:\nleite': [1],
      '# Lidl\n# Aldi\nleite\n## Fruta': [1, 4],
      'Lidl:\nLista:\nleite': [1]
    }
    for (const [text, lines] of Object.entries(wrong)) {
      assert.deepEqual(
        errorsOf(text),
        lines.map(line => `${line} quick.onlyShop`),
        text
      )
    }
    assert.deepEqual(errorsOf(`${'a'.repeat(141)}:\nleite`), ['1 field.tooLong'])
  })

  test('is refused whole, with each line that is wrong', () => {
    assert.deepEqual(errorsOf(`leite\n@Lidl\n\npão\n${'a'.repeat(141)}\n\u0001`), [
      '2 quick.onlyShop',
      '5 field.tooLong',
      '6 field.controlCharacters'
    ])
  })

  test(`has at most ${MAX_LINES} lines, empty ones not counted`, () => {
    const lines = Array.from({ length: MAX_LINES }, (_, index) => `artigo ${index}`)
    assert.equal(readAll(lines.join('\n\n')).length, MAX_LINES)
    assert.deepEqual(errorsOf([...lines, 'leite'].join('\n')), [`${MAX_LINES + 1} quick.tooManyLines`])
    assert.deepEqual(
      readAll('leite\n\npão').map(({ line }) => line),
      [1, 3]
    )
  })
})

describe('quick entry of anything at all', () => {
  const piece = fc.constantFrom(
    ...'2 |1,5|½|3x|x3|×| kg |g|L| |de |@|@Lidl|@Lidl: |Lidl:|1.500 |01,500|\u200d|\u200f|"|(|)|(2 kg)|leite|meio |quilo |dúzia |# |- [x] |✓|☐ | ✅|~|~~|( ) |1. |\n|\t|\u00a0|\u200b|\ue000|  > '.split(
      '|'
    )
  )
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(piece, { maxLength: 14 }).map(pieces => pieces.join(''))
  )

  test('never throws, and gives items with a name within their limits, or says what is wrong', () => {
    fc.assert(
      fc.property(anything, text => {
        const read = readEntries(text)
        if (!read.ok) return assert.ok(read.errors.length > 0)
        assert.ok(read.entries.length > 0)
        for (const { name, thousandths, unit, shop, note } of read.entries) {
          assert.ok(isVisible(name) && lengthOf(name) <= MAX_TEXT)
          assert.equal(name, withoutUnseen(name).trim())
          assert.ok(Number.isInteger(thousandths) && thousandths > 0 && thousandths <= MAX_QUANTITY * ONE)
          assert.ok(lengthOf(unit) <= MAX_UNIT && lengthOf(shop) <= MAX_TEXT && lengthOf(note) <= 500)
        }
      }),
      { numRuns: cases(5000) }
    )
  })

  test('is the same when what was understood is written down and read again', () => {
    fc.assert(
      fc.property(anything, fc.constantFrom(...languages), (text, language) => {
        const read = readEntries(text)
        if (!read.ok) return
        const items = read.entries.map(({ said: _said, line: _line, ...item }) => item)
        const shops = [...new Set(['', ...items.map(({ shop }) => shop)])]
        const again = readEntries(listAsText(items, language), { maxLines: Number.POSITIVE_INFINITY })
        assert.ok(again.ok)
        assert.deepEqual(
          again.entries.map(({ said: _said, line: _line, ...item }) => item),
          shops.flatMap(shop => items.filter(it => it.shop === shop))
        )
        // Nobody writes a shop so in a line: one with a tick or an at sign comes from a heading.
        for (const item of items.filter(({ shop }) => !/[@☑✅✔✓🗹🗸]/u.test(shop))) {
          const [entry] = readAll(asEntry(item, language))
          const { name, thousandths, unit, shop, done } = item
          assert.deepEqual(entry && [entry.name, entry.thousandths, entry.unit, entry.shop, entry.done], [
            name,
            thousandths,
            unit,
            // A heading keeps its spaces, a line does not.
            joinShops([shop]).replace(/\s+/g, ' '),
            done
          ])
        }
      }),
      {
        numRuns: cases(5000),
        examples: [
          ['2 @2 ✓ ✅', 'pt'],
          ['@Lidl: 2 "a" @b', 'es']
        ]
      }
    )
  })

  test('reads what it would itself write: quantity, unit, name and shop', () => {
    const letters = fc.stringMatching(/^[bcçfjnpqrtvz]{3,9}$/)
    const amount = fc.integer({ min: 1, max: MAX_QUANTITY * ONE })
    fc.assert(
      fc.property(
        letters,
        amount,
        fc.constantFrom('kg', 'g', 'l', 'ml'),
        letters,
        fc.constantFrom(...languages),
        (name, thousandths, unit, shop, language) => {
          const number = amountForLine(thousandths, unit, language).split(' ')[0]
          for (const line of [
            `${number} ${unit} ${name}`,
            `${number}${unit} ${name}`,
            `${name} ${number} ${unit}`,
            `${name} (${number} ${unit})`
          ]) {
            see(`${line} @${shop}`, `${formatAmount(thousandths, unit, 'pt')}|${name}|${shop}`)
          }
        }
      )
    )
  })
})

describe('the shops of an item', () => {
  test('are divided by commas, each once, however it is written', () => {
    assert.deepEqual(splitShops('Lidl, Pingo Doce,lidl ,, LÍDL'), ['Lidl', 'Pingo Doce'])
    assert.deepEqual(splitShops(' , '), [])
  })
})
