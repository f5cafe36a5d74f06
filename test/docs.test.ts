import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { root } from './helper.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const matches = (text: string, pattern: RegExp) => new Set([...text.matchAll(pattern)].map(([, first = '']) => first))

const pages = [
  'README.md',
  'src/store/pool/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`)
]

/** As GitHub makes a heading's anchor. */
const anchorsOf = (path: string) =>
  [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\d _-]/gu, '')
      .replaceAll(' ', '-')
  )

describe('what is written down', () => {
  for (const page of pages) {
    test(`${page} links to files and headings that are there`, () => {
      for (const [, target = ''] of read(page).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)) {
        if (/^https?:/.test(target) || target === '') continue
        const [path = '', heading] = target.split('#')
        const file = path === '' ? page : relative(root, join(root, dirname(page), path))
        assert.ok(existsSync(join(root, file)), target)
        if (heading !== undefined) assert.ok(anchorsOf(file).includes(heading), target)
      }
    })

    test(`${page} names files that are there`, () => {
      for (const [, path = ''] of read(page).matchAll(
        /`((?:src|web|test|docs|lab|bench|scripts|views|migrations)\/[\w./-]+)`/g
      )) {
        assert.ok(existsSync(join(root, path)), path)
      }
    })
  }

  test('README maps every folder of the house, and nothing else', () => {
    const map = /## The house\n+```\n([\s\S]*?)```/.exec(read('README.md'))?.[1] ?? ''
    const named = map
      .split('\n')
      .filter(Boolean)
      .flatMap(line => {
        const [first = '', ...rest] = (line.split(/ {2,}/)[0] ?? '').split(' ')
        return [first, ...rest.map(name => join(dirname(first), name))]
      })
    for (const path of named) assert.ok(existsSync(join(root, path)), path)
    const isHidden = /^(\.|node_modules$|dist$|data$)/
    const folders = ['.', 'src', 'src/store', 'src/features'].flatMap(folder =>
      readdirSync(join(root, folder), { withFileTypes: true })
        .filter(entry => entry.isDirectory() && !isHidden.test(entry.name))
        .map(entry => `${join(folder, entry.name)}/`)
    )
    assert.deepEqual(
      folders.filter(folder => !named.some(path => path.startsWith(folder))),
      []
    )
  })

  test('docs/configuration.md has every variable that is read, and no other', () => {
    const source = readdirSync(join(root, 'src/config'))
      .map(name => read(`src/config/${name}`))
      .join('\n')
    const known = matches(source, /reader\.(?:text|integer|oneOf)\(\s*'([A-Z_]+)'/g)
    known.add('DB_PW') // read as it is, as a password may begin with a space
    const told = matches(read('docs/configuration.md'), /(?<=^\| (?:`[A-Z_]+`, )*)`([A-Z_]+)`(?=.* \| )/gm)
    assert.deepEqual([...told].sort(), [...known].sort())
  })

  test('docs/configuration.md has every command, and no other', () => {
    const known = [...read('src/cli.ts').matchAll(/^(program|\w+)\n {2}\.command\('(\w+)/gm)].map(([, of, name]) =>
      of === 'program' ? name : `${of} ${name}`
    )
    const told = [...read('docs/configuration.md').matchAll(/^\| `npx carrinho ([a-z ]+?)(?: [[A-Z-].*)?`/gm)].map(
      ([, name]) => name
    )
    assert.deepEqual(told.sort(), known.sort())
  })

  test('docs/operating.md has every metric of ours, and no other', () => {
    const text = read('docs/operating.md')
    const section = text.slice(text.indexOf('## Metrics'), text.indexOf('## The log'))
    const told = matches(section, /(?<=^\| .*)`([a-z_]+[a-z])`(?=.* \| )/gm)
    const source = ['metrics', 'request-durations']
      .map(name => join(root, `src/http/${name}.ts`))
      .filter(existsSync)
      .map(file => readFileSync(file, 'utf8'))
      .join('\n')
    assert.deepEqual([...told].sort(), [...matches(source, /'carrinho_([a-z_]+)'/g)].sort())
  })
})
