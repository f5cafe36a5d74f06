import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { describe, test } from 'node:test'
import { root } from './helper.ts'

const src = join(root, 'src')

interface SourceFile {
  /** Relative to src/, with forward slashes. */
  path: string
  text: string
  /** Our own files, relative to src/. */
  own: string[]
  packages: string[]
}

function readSource(path: string, folder = src): SourceFile {
  const text = readFileSync(join(folder, path), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const specifiers = [
    ...text.matchAll(/\b(?:from|import)\s*['"]([^'"]+)['"]|\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]\s*\)/g)
  ].map(([, named, dynamic]) => named ?? dynamic ?? '')
  const isOwn = (specifier: string) => specifier.startsWith('.')
  return {
    path,
    text,
    own: specifiers.filter(isOwn).map(specifier => posix.join(posix.dirname(path), specifier)),
    packages: specifiers.filter(specifier => !isOwn(specifier) && !specifier.startsWith('node:'))
  }
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts'))
  .map(path => readSource(path.replaceAll('\\', '/')))

/**
 * The floors of the house, the highest first. A file may import from its own floor and from those below. In a feature's
 * folder pages speak HTTP, queries speak to the database, and all else are rules.
 */
const floors: [name: string, isOn: (path: string) => boolean][] = [
  ['cli', path => path === 'cli.ts'],
  ['commands', path => ['server.ts', 'commands.ts', 'healthcheck.ts'].includes(path)],
  ['app', path => path === 'app.ts'],
  ['pages', path => /^features\/[\w-]+\/([\w-]+-page|pages|api(-[\w-]+)?|health|known-browser|boxes)\.ts$/.test(path)],
  ['http', path => path.startsWith('http/')],
  ['queries', path => /^features\/[\w-]+\/(queries|login-failures|storage-trial)\.ts$/.test(path)],
  [
    'schema',
    path => /^features\/[\w-]+\/(schema|password-choice|quantity|quick-entry\/[\w-]+|as-text)\.ts$/.test(path)
  ],
  ['rules', path => ['lifecycle.ts', 'pruning.ts'].includes(path) || path.startsWith('features/')],
  ['open store', path => path === 'open-store.ts'],
  ['pool', path => path.startsWith('store/pool/')],
  ['files', path => path.startsWith('files/')],
  ['store', path => path.startsWith('store/')]
]
const order = [
  'cli',
  'commands',
  'app',
  'pages',
  'http',
  'rules',
  'open store',
  'queries',
  'schema',
  'store',
  'pool',
  'files'
]
/** What any floor may use, and which uses no floor itself. */
const isShared = (path: string) =>
  /^(config|i18n)\//.test(path) ||
  [
    'beats.ts',
    'errors.ts',
    'field-error.ts',
    'fields.ts',
    'keys.ts',
    'login-key.ts',
    'release.ts',
    'text.ts',
    'text-fold.ts'
  ].includes(path) ||
  /^features\/[\w-]+\/texts\.\w+\.ts$/.test(path)

/** The floor's number from above; -1 for what is shared. */
function floorOf(path: string): number {
  const floor = isShared(path) ? undefined : floors.find(([, isOn]) => isOn(path))
  return floor ? order.indexOf(floor[0]) : -1
}
const isOn = (path: string, ...names: string[]) => names.includes(order[floorOf(path)] ?? '')

function offenders(isWrong: (file: SourceFile) => string[]): string[] {
  return files.flatMap(file => isWrong(file).map(what => `${file.path}: ${what}`))
}

describe('the house', () => {
  test('has files, and each has its place', () => {
    assert.ok(files.length > 10)
    assert.deepEqual(
      files.map(file => file.path).filter(path => floorOf(path) < 0 && !isShared(path)),
      []
    )
  })

  test('is imported downwards only, types too', () => {
    assert.deepEqual(
      offenders(file =>
        file.own.filter(target => {
          if (isShared(file.path)) return floorOf(target) >= 0
          return floorOf(target) >= 0 && floorOf(target) < floorOf(file.path)
        })
      ),
      []
    )
  })

  test("keeps a feature's queries to itself and to who opens the store", () => {
    const featureOf = (path: string) => /^features\/([\w-]+)\//.exec(path)?.[1]
    assert.deepEqual(
      offenders(file =>
        file.own.filter(
          target =>
            isOn(target, 'queries') && featureOf(target) !== featureOf(file.path) && file.path !== 'open-store.ts'
        )
      ),
      []
    )
  })

  test('keeps the pool apart: it imports nothing of ours', () => {
    assert.deepEqual(
      offenders(file =>
        isOn(file.path, 'pool')
          ? file.own.filter(target => !target.startsWith('store/pool/')).concat(file.packages)
          : []
      ),
      []
    )
  })

  test('keeps files apart: they import nothing of ours, and the library of pictures is imported nowhere else', () => {
    assert.deepEqual(
      offenders(file =>
        isOn(file.path, 'files')
          ? file.own.filter(target => !target.startsWith('files/'))
          : file.packages.filter(name => name === 'sharp')
      ),
      []
    )
  })

  test('has every import lead somewhere', () => {
    const known = new Set(files.map(file => file.path))
    assert.deepEqual(
      offenders(file => file.own.filter(target => target.endsWith('.ts') && !known.has(target))),
      []
    )
  })

  test('has nothing in a circle, of types neither', () => {
    const byPath = new Map(files.map(file => [file.path, file]))
    const done = new Set<string>()
    const visit = (path: string, trail: string[]): void => {
      assert.ok(!trail.includes(path), [...trail, path].join(' → '))
      if (done.has(path)) return
      for (const target of byPath.get(path)?.own ?? []) visit(target, [...trail, path])
      done.add(path)
    }
    for (const file of files) visit(file.path, [])
  })

  test('keeps Fastify out of rules, queries and store', () => {
    assert.deepEqual(
      offenders(file =>
        isOn(file.path, 'rules', 'open store', 'queries', 'store', 'pool', 'files')
          ? file.packages.filter(name => /fastify/.test(name))
          : []
      ),
      []
    )
  })

  test('keeps drizzle and the database drivers in store', () => {
    assert.deepEqual(
      offenders(file =>
        isOn(file.path, 'store')
          ? []
          : file.packages.filter(name => /^(drizzle-orm|mysql2|pg|libsql|@libsql\/client)(\/|$)/.test(name))
      ),
      []
    )
  })

  test('reads the environment in config/ only', () => {
    assert.deepEqual(
      offenders(file =>
        !file.path.startsWith('config/') && /\bprocess\s*\.\s*env\b|\benv\b.*from 'node:process'/.test(file.text)
          ? ['process.env']
          : []
      ),
      []
    )
  })

  test('ends the process in server.ts and cli.ts only', () => {
    assert.deepEqual(
      offenders(file =>
        !['server.ts', 'cli.ts'].includes(file.path) &&
        /\bprocess\s*\.\s*(exit|abort|kill|reallyExit)\b/.test(file.text)
          ? ['process.exit']
          : []
      ),
      []
    )
  })
})

describe('the browser’s side', () => {
  const web = join(root, 'web')
  const scripts = readdirSync(web, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts'))
    .map(path => readSource(path.replaceAll('\\', '/'), web))
  /** The highest first: a script may import from its own floor and from those below. */
  const partOf = (path: string) => (dirname(path) === '.' ? path : (path.split('/')[0] ?? ''))
  const webFloors = [
    ['app.ts', 'cluster.ts', 'shops.ts', 'pictures.ts', 'paper.ts'],
    ['morph.ts', 'hints.ts'],
    ['elements', 'cluster'],
    ['shared']
  ]
  const webFloorOf = (path: string) => webFloors.findIndex(parts => parts.includes(partOf(path)))

  test('is imported downwards only, and neither page’s scripts by the other’s', () => {
    assert.ok(scripts.length > 15)
    const wrong = scripts.flatMap(({ path, own }) =>
      own
        .filter(target => !target.startsWith('../'))
        .filter(target => {
          const [from, to] = [webFloorOf(path), webFloorOf(target)]
          return to < from || (from === to && partOf(path) !== partOf(target))
        })
        .map(target => `${path}: ${target}`)
    )
    assert.deepEqual(wrong, [])
  })

  /** What is read alike on both sides. */
  const both = [
    'text.ts',
    'text-fold.ts',
    'field-error.ts',
    ...['quantity', 'as-text'].map(it => `features/items/${it}.ts`),
    ...readdirSync(join(src, 'features/items/quick-entry')).map(it => `features/items/quick-entry/${it}`)
  ]

  test('has of the server the types of its texts and what both read alike, and the server nothing of it', () => {
    const server = scripts.flatMap(({ path, text }) =>
      [...text.matchAll(/^import (?!type\b)[^;]*?'(?:\.\.\/)+src\/(.*)'$/gm)]
        .filter(([, target = '']) => !both.includes(target))
        .map(([line]) => `${path}: ${line}`)
    )
    assert.deepEqual(server, [])
    assert.deepEqual(
      offenders(file => file.own.filter(target => target.startsWith('../web'))),
      []
    )
  })

  test('reads alike what needs no server: only such files, and types of the texts', () => {
    const wanted = files.filter(({ path }) => both.includes(path))
    assert.equal(wanted.length, both.length)
    assert.deepEqual(
      wanted.flatMap(({ path, own, packages, text }) => [
        ...[...own.filter(target => !both.includes(target) && target !== 'i18n/catalogue.ts'), ...packages],
        ...(/\bnode:/.test(text) ? [`${path}: node`] : [])
      ]),
      []
    )
  })
})
