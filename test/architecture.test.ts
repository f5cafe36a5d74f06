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

/** The floors of the house, the highest first. A file may import from its own floor and from those below. */
const floors = [
  ['cli.ts'],
  ['server.ts', 'commands.ts', 'healthcheck.ts'],
  ['app.ts'],
  ['plugins', 'routes'],
  ['lifecycle.ts', 'database-monitor.ts', 'siblings.ts'],
  ['shop'],
  ['store']
]
/** What any floor may use, and which uses no floor itself. */
const shared = ['config.ts', 'database-url.ts', 'env-reader.ts', 'session-secret.ts', 'errors.ts', 'i18n']

const partOf = (path: string) => (dirname(path) === '.' ? path : (path.split('/')[0] ?? ''))
const floorOf = (path: string) => floors.findIndex(parts => parts.includes(partOf(path)))

function offenders(isWrong: (file: SourceFile) => string[]): string[] {
  return files.flatMap(file => isWrong(file).map(what => `${file.path}: ${what}`))
}

describe('the house', () => {
  test('has files, and each has its place', () => {
    assert.ok(files.length > 10)
    assert.deepEqual(
      files.map(file => file.path).filter(path => floorOf(path) < 0 && !shared.includes(partOf(path))),
      []
    )
  })

  test('is imported downwards only', () => {
    assert.deepEqual(
      offenders(file =>
        file.own.filter(target => {
          if (shared.includes(partOf(file.path))) return floorOf(target) >= 0
          return floorOf(target) >= 0 && floorOf(target) < floorOf(file.path)
        })
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

  test('has nothing in a circle', () => {
    const byPath = new Map(files.map(file => [file.path, file]))
    const done = new Set<string>()
    const visit = (path: string, trail: string[]): void => {
      assert.ok(!trail.includes(path), [...trail, path].join(' → '))
      if (done.has(path)) return
      for (const target of runtimeImports(byPath.get(path))) visit(target, [...trail, path])
      done.add(path)
    }
    for (const file of files) visit(file.path, [])
  })

  test('keeps Fastify out of shop and store', () => {
    assert.deepEqual(
      offenders(file =>
        ['shop', 'store'].includes(partOf(file.path)) ? file.packages.filter(name => /fastify/.test(name)) : []
      ),
      []
    )
  })

  test('keeps the database drivers in store', () => {
    assert.deepEqual(
      offenders(file =>
        partOf(file.path) === 'store'
          ? []
          : file.packages.filter(name => /^(drizzle-orm|mysql2|pg|libsql|@libsql\/client)(\/|$)/.test(name))
      ),
      []
    )
  })

  test('reads the environment in config.ts only', () => {
    assert.deepEqual(
      offenders(file =>
        file.path !== 'config.ts' && /\bprocess\s*\.\s*env\b|\benv\b.*from 'node:process'/.test(file.text)
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
  const webFloors = [['app.ts', 'cluster.ts'], ['elements', 'cluster'], ['shared']]
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

  test('has no more of the server than the types of its texts, and the server nothing of it', () => {
    const server = scripts.flatMap(({ path, text }) =>
      [...text.matchAll(/^import (?!type\b).*'(?:\.\.\/)+src\/.*$/gm)].map(([line]) => `${path}: ${line}`)
    )
    assert.deepEqual(server, [])
    assert.deepEqual(
      offenders(file => file.own.filter(target => target.startsWith('../web'))),
      []
    )
  })
})

/** Types are gone when the program runs, so they may refer to each other. */
function runtimeImports(file: SourceFile | undefined): string[] {
  if (!file) return []
  const found = [...file.text.matchAll(/^(?:import|export)\s+(?!type\b)[^'"]*?from\s*['"](\.[^'"]+)['"]/gm)]
  return found.map(([, specifier = '']) => posix.join(posix.dirname(file.path), specifier))
}
