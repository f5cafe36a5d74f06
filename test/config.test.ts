import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Config, readConfig } from '../src/config/config.ts'
import type { ServerDatabase } from '../src/config/database-url.ts'
import { ConfigError } from '../src/errors.ts'
import { cases } from './helper/fast.ts'
import { cli, type Env, eventually, freePort, ownProcess, request, startServer, tempFolder } from './helper.ts'

const secret = 'a-secret-of-many-letters'

function databaseOf(env: Env): ServerDatabase {
  const { database } = readConfig({ SESSION_SECRET: secret, ...env })
  assert.ok(database.engine !== 'sqlite')
  return database
}

function mistakesOf(env: Env): string[] {
  try {
    readConfig(env)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.mistakes
  }
  return []
}

describe('a wrong value', () => {
  test('ends the start with 2 and one line per mistake, naming the variable', ownProcess, async t => {
    const DATA_DIR = await tempFolder(t)
    const wrong = {
      DATA_DIR,
      PORT: '70000',
      HOST: 'not a host',
      DRAIN_MS: '-1',
      LOG_LEVEL: 'loud',
      SIGNUP: 'maybe',
      SERVER_NAME: 'web 01',
      SERVER_ROUTE: 'a b',
      TRUST_PROXY: '10.0.0.0/33',
      SESSION_SECRET: 'short'
    }
    const { code, stdout, stderr } = await cli(['serve'], wrong)
    assert.equal(code, 2)
    assert.equal(stdout, '')
    const lines = stderr.trim().split('\n')
    const { DATA_DIR: _, ...named } = wrong
    for (const name of Object.keys(named)) {
      assert.equal(lines.filter(line => line.includes(`${name}:`)).length, 1, `${name} in:\n${stderr}`)
    }
    assert.equal(lines.length, Object.keys(named).length, stderr)
    assert.match(stderr, /70000/)
    assert.ok(!lines.some(line => line.includes('short') && !line.includes('too short')))
    assert.deepEqual(await readdir(DATA_DIR), [], 'nothing was made')
  })

  test('of each variable names it, and a right one does not', () => {
    for (const [name, wrong, right] of [
      ['PORT', ['x', '-1', '65536', '1.5', '0x50'], ['0', '5000', '65535']],
      ['HOST', ['a b', '/tmp/s', 'http://x'], ['0.0.0.0', '::', 'localhost', '127.0.0.1']],
      ['DRAIN_MS', ['soon', '3s', '-5'], ['0', '3000']],
      ['SIGNUP', ['yes', 'true'], ['open', 'closed']],
      ['HSTS', ['yes', '1', 'preload'], ['on', 'off', 'subdomains']],
      ['SIGNUP_LIMIT', ['0', '-1', '10001', 'many'], ['1', '100', '10000']],
      ['API_LIMIT', ['0', '-1', '1000001', 'many'], ['1', '600', '1000000']],
      ['LOGIN_LIMIT', ['0', '-1', '10001', 'many'], ['1', '50', '10000']],
      ['CLUSTER_PAGE', ['yes', '0', 'open'], ['on', 'off', 'OFF']],
      ['LOG_LEVEL', ['verbose'], ['trace', 'silent', 'info']],
      [
        'TRUST_PROXY',
        ['all', '10.0.0.0/99', 'true', '1.2.3', 'my-balancer'],
        ['10.0.0.1', '10.0.0.0/8, ::1', 'loopback']
      ],
      ['SERVER_NAME', ['web 01', 'a\r\nb', 'x'.repeat(65), 'ção'], ['web01', 'web-01.example']],
      ['SERVER_ROUTE', ['a.b', 'a;b'], ['web01']],
      [
        'METRICS_TOKEN',
        ['short', 'with a space in it', 'com acentuação e tudo', `${secret},${secret}`],
        [secret, `${secret}==`]
      ],
      ['CLIENT_HEADERS_MS', ['0', '10s'], ['10000']],
      ['CLIENT_REQUEST_MS', ['0', '-1'], ['30000']],
      ['CLIENT_READ_MS', ['0', 'never'], ['120000']],
      ['SESSION_SECRET', ['short', `${secret},`, `${secret},x`], [secret, `${secret}, ${secret}2`]]
    ] as const) {
      for (const value of wrong) {
        const mistakes = mistakesOf({ [name]: value })
        assert.equal(mistakes.length, 1, `${name}=${JSON.stringify(value)}: ${mistakes}`)
        assert.ok(mistakes[0]?.startsWith(`${name}: `), mistakes[0])
        assert.ok(!mistakes[0]?.includes('\n') && !mistakes[0]?.includes('\r'), 'one line')
      }
      for (const value of right) assert.deepEqual(mistakesOf({ [name]: value }), [], `${name}=${value}`)
    }
  })

  test('never shows a secret', () => {
    const hidden = 'hunter2-very-secret'
    for (const env of [
      { SESSION_SECRET: `${hidden},x` },
      { METRICS_TOKEN: `${hidden} ${hidden}` },
      { DB_HOST: `mysql://ana:${hidden}@db:99999/carrinho`, SESSION_SECRET: secret },
      { DB_HOST: `nosql://ana:${hidden}@db/carrinho`, SESSION_SECRET: secret },
      { DB_HOST: `mysql://ana:${hidden}%zz@db/carrinho`, SESSION_SECRET: secret },
      { DB_HOST: `mysql://ana:${hidden}@/carrinho`, SESSION_SECRET: secret },
      { DB_HOST: `mysql://ana:${hidden}@db/carrinho?nonsense=1`, SESSION_SECRET: secret },
      { DB_HOST: `ana:${hidden}@db`, SESSION_SECRET: secret },
      { DB_HOST: 'db', DB_PW: hidden, SESSION_SECRET: secret },
      { DB_HOST: `mysql://ana:${hidden}@db/carrinho` }
    ] as Env[]) {
      const mistakes = mistakesOf(env)
      assert.ok(mistakes.length > 0, JSON.stringify(env))
      assert.ok(!mistakes.join('\n').includes(hidden), mistakes.join('\n'))
    }
  })

  test('shows no secret of it where the start ends', ownProcess, async () => {
    const hidden = 'hunter2-very-secret'
    const { code, stdout, stderr } = await cli(['serve'], { DB_HOST: `mysql://ana:${hidden}@db:99999/carrinho` })
    assert.equal(code, 2)
    assert.ok(!`${stdout}${stderr}`.includes(hidden))
  })

  test('a port in use ends the start with a line, not a stack trace', ownProcess, async t => {
    const folder = await tempFolder(t)
    const first = await startServer(t, { DATA_DIR: join(folder, 'a') })
    const second = await cli(['serve'], { DATA_DIR: join(folder, 'b'), HOST: '127.0.0.1', PORT: String(first.port) })
    assert.ok(second.code !== 0 && second.code !== null)
    assert.match(`${second.stdout}${second.stderr}`, new RegExp(String(first.port)))
    assert.doesNotMatch(second.stderr, /^\s+at /m)
  })
})

describe('without any variable', () => {
  test('it is embedded, open, and listens on 5000 on every address', () => {
    const config = readConfig({})
    const shown: Partial<Config> = {
      host: config.host,
      port: config.port,
      signup: config.signup,
      clusterPage: config.clusterPage,
      drainMs: config.drainMs,
      logLevel: config.logLevel,
      trustProxy: config.trustProxy,
      clientLimits: config.clientLimits,
      metricsToken: config.metricsToken
    }
    assert.deepEqual(shown, {
      host: '0.0.0.0',
      port: 5000,
      signup: 'open',
      clusterPage: true,
      drainMs: 3000,
      logLevel: 'info',
      trustProxy: [],
      clientLimits: { headersMs: 10_000, requestMs: 30_000, readMs: 120_000 },
      metricsToken: undefined
    })
    assert.equal(config.database.engine, 'sqlite')
  })

  test(
    'the address is printed, and the data folder and its secret are made for the owner only',
    ownProcess,
    async t => {
      const folder = join(await tempFolder(t), 'deep', 'data')
      const port = await freePort()
      const server = await startServer(t, { DATA_DIR: folder, PORT: String(port), HOST: '0.0.0.0' })
      await eventually(() =>
        assert.ok(
          server.logs.some(line => line.includes(`http://localhost:${port}`)),
          server.logs.join('\n')
        )
      )
      assert.equal((await request(server.url)).status, 200)
      for (const name of await readdir(folder)) {
        if (/secret/.test(name)) assert.equal((await stat(join(folder, name))).mode & 0o077, 0, name)
      }
      assert.equal((await stat(folder)).mode & 0o077, 0)
    }
  )
})

describe('DB_HOST', () => {
  test('is understood as the lab guide writes it', () => {
    const { tls, ...database } = databaseOf({ DB_HOST: 'mysql+pymysql://brun0:toor@192.168.1.250:3306/carrinho' })
    assert.equal(tls, undefined)
    assert.deepEqual(database, {
      engine: 'mysql',
      host: '192.168.1.250',
      port: 3306,
      user: 'brun0',
      password: 'toor',
      name: 'carrinho'
    })
  })

  test('may be a bare host or address, and takes the rest from its own variables', () => {
    const rest = { DB_USER: 'ana', DB_PW: 'p@ss:w/rd#1' }
    for (const host of ['db', 'db.example.org', '192.168.1.250', '::1', '[::1]', 'db_1']) {
      const database = databaseOf({ DB_HOST: host, ...rest })
      assert.equal(database.host, host.replace(/[[\]]/g, ''))
      assert.equal(database.engine, 'mysql')
      assert.equal(database.port, 3306)
      assert.equal(database.name, 'carrinho')
      assert.equal(database.password, rest.DB_PW)
    }
    const postgres = databaseOf({ DB_HOST: 'db', ...rest, DB_ENGINE: 'postgresql', DB_NAME: 'lista' })
    assert.equal(postgres.engine, 'postgres')
    assert.equal(postgres.port, 5432)
    assert.equal(postgres.name, 'lista')
    assert.equal(databaseOf({ DB_HOST: 'db', ...rest, DB_PORT: '3307' }).port, 3307)
  })

  test('without what it needs, all that is missing is told', () => {
    const mistakes = mistakesOf({ DB_HOST: 'db' }).map(line => line.split(':')[0])
    assert.deepEqual(mistakes.sort(), ['DB_PW', 'DB_USER', 'SESSION_SECRET'])
  })

  test('an empty value is the embedded database, as in compose files', () => {
    assert.equal(readConfig({ DB_HOST: '' }).database.engine, 'sqlite')
  })

  const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(text => text.trim() !== '')
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.constantFrom('localhost', 'db', 'haproxy03', 'db_1'),
    fc.ipV6().map(address => `[${address}]`)
  )
  const scheme = fc.constantFrom('mysql', 'mariadb', 'postgres', 'postgresql', 'MySQL', 'POSTGRES')
  const driver = fc.constantFrom('', '+pymysql', '+mysqldb', '+psycopg2', '+asyncpg')

  test('a database named by dots is not mistaken for a step in a path', () => {
    for (const name of ['.', '..', '%2e', '%2E%2e']) {
      assert.equal(databaseOf({ DB_HOST: `mysql://u:p@db/${name}` }).name, decodeURIComponent(name))
      assert.equal(databaseOf({ DB_HOST: `mysql://u:p@db/${name}?charset=utf8mb4` }).name, decodeURIComponent(name))
    }
  })

  test('any user, password and name survive being written as a URL', () => {
    fc.assert(
      fc.property(
        scheme,
        driver,
        part,
        part,
        host,
        fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
        part.filter(name => !name.includes('/')),
        (scheme, driver, user, password, host, port, name) => {
          const [u, p, n] = [user, password, name].map(encodeURIComponent)
          const url = `${scheme}${driver}://${u}:${p}@${host}${port === undefined ? '' : `:${port}`}/${n}`
          const database = databaseOf({ DB_HOST: url })
          const engine = scheme.toLowerCase().startsWith('postgres') ? 'postgres' : 'mysql'
          assert.equal(database.engine, engine)
          assert.equal(database.user, user)
          assert.equal(database.password, password)
          assert.equal(database.port, port ?? (engine === 'mysql' ? 3306 : 5432))
          assert.equal(database.name, name)
          if (!host.includes(':')) assert.equal(database.host, host.toLowerCase())
        }
      )
    )
  })

  test('any text at all is either understood or told in whole lines, never an exception of another kind', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.constantFrom(
          'mysql',
          '://',
          '@',
          ':',
          '/',
          '?',
          '#',
          '%',
          '[',
          ']',
          '+',
          '\\',
          ' ',
          '::1',
          '3306',
          '%zz',
          'ssl=1'
        ),
        fc.string({ maxLength: 6 })
      ),
      { maxLength: 12 }
    )
    fc.assert(
      fc.property(
        pieces.map(list => list.join('')),
        DB_HOST => {
          const mistakes = mistakesOf({ DB_HOST, SESSION_SECRET: secret, DB_USER: 'u', DB_PW: 'p' })
          for (const line of mistakes) {
            assert.match(line, /^DB_\w+: /)
            assert.doesNotMatch(line, /[\r\n]/)
          }
        }
      ),
      { numRuns: cases(500) }
    )
  })

  test('a password in a URL that is wrong, anywhere, is never repeated, nor a part of it', () => {
    // Each piece can be told from all that a message says by itself.
    const piece = fc.string({ unit: fc.constantFrom(...'QXZ0123456789'), minLength: 6, maxLength: 12 })
    const mark = fc.constantFrom(
      ...'/?#@:%\\[]&=+ \t\n;,!|',
      '://',
      '%zz',
      '?ssl-mode=',
      '&sslmode=',
      '?ssl-ca=/',
      '?charset=',
      '@db/',
      '@db?',
      ':12/',
      ':99999'
    )
    const password = fc.array(fc.tuple(piece, mark), { minLength: 1, maxLength: 4 })
    const shapes = fc.constantFrom(
      (p: string) => `mysql://u:${p}@db/x`,
      (p: string) => `mysql://u:12/${p}@db/x`,
      (p: string) => `mysql://u@v:12/${p}@db/x`,
      (p: string) => `mysql://u:${p}@db:0/x`,
      (p: string) => `mysql://u:${p}@db:70000/x`,
      (p: string) => `mysql://u:${p}@/x`,
      (p: string) => `mysql://u:${p}@db/x/y`,
      (p: string) => `mysql://u:${p}@db/x?ssl-mode=maybe`,
      (p: string) => `mysql://u:${p}@db/x?${p}`,
      (p: string) => `mysql://u:${p}@db/x?password=${p}`,
      (p: string) => `mysql://u:${p}@db/x?${p}=1&sslmode=${p}&ssl-key=/${p}&charset=${p}`,
      (p: string) => `mysql://u:${p}%@db/x`,
      (p: string) => `mysql://u:${p}`,
      (p: string) => `mysql://${p}`,
      (p: string) => `mysql:///${p}`,
      (p: string) => `postgres://u:${p}/x`,
      (p: string) => `redis://u:${p}@db/x`,
      (p: string) => `mysql//u:${p}@db/x`,
      (p: string) => `mysql:u:${p}@db/x`,
      (p: string) => `u:${p}://db/x`,
      (p: string) => `u:${p}@db`,
      (p: string) => `mysql+${p}://u:${p}@db/x`,
      (p: string) => `://u:${p}@db/x`
    )
    fc.assert(
      fc.property(password, shapes, (parts, make) => {
        const written = parts.map(([text, mark]) => text + mark).join('')
        const told = mistakesOf({ DB_HOST: make(written), SESSION_SECRET: secret, DB_USER: 'u', DB_PW: 'p' }).join('\n')
        for (const [text] of parts) assert.ok(!told.includes(text), `${make(written)}\n${told}`)
      }),
      { numRuns: cases(3000) }
    )
  })

  test('a password that was not escaped is taken whole or refused, never cut short', () => {
    const piece = fc.string({ unit: fc.constantFrom(...'abcXYZ019/?#@:\\[]&=+ \t!|'), minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(piece, fc.constantFrom('/x', '', '?sslmode=disable', ':3306/x'), (password, end) => {
        const env = { DB_HOST: `mysql://u:${password}@db${end}`, SESSION_SECRET: secret }
        if (mistakesOf(env).length > 0) return
        const database = databaseOf(env)
        assert.equal(database.password, password)
        assert.equal(database.host, 'db')
      }),
      { numRuns: cases(2000) }
    )
  })

  test('a mistake in it is told without the secret by every command', ownProcess, async () => {
    for (const command of [['serve'], ['migrate'], ['status'], ['user', 'passwd', 'a@b.pt', '--password-stdin']]) {
      const DB_HOST = 'mysql://u:12/geheim99@db/x'
      const { code, stdout, stderr } = await cli(command, { DB_HOST, SESSION_SECRET: secret }, 'long enough\n')
      assert.equal(code, 2, stderr)
      assert.match(stderr, /^DB_HOST: .*%2F/)
      assert.ok(!`${stdout}${stderr}`.includes('geheim'), stderr)
    }
  })

  test('TLS is asked for by parameters, in the spelling of either engine', () => {
    const url = 'mysql://u:p@db/x'
    for (const [query, verify, verifyHost] of [
      ['ssl-mode=REQUIRED', false, undefined],
      ['sslmode=require', false, undefined],
      ['sslmode=verify-ca', true, false],
      ['ssl-mode=VERIFY_IDENTITY', true, true],
      ['sslmode=verify-full', true, true],
      ['ssl=true', true, true]
    ] as const) {
      const { tls } = databaseOf({ DB_HOST: `${url}?${query}` })
      assert.equal(tls?.verify, verify, query)
      if (verifyHost !== undefined) assert.equal(tls?.verifyHost, verifyHost, query)
    }
    assert.equal(databaseOf({ DB_HOST: `${url}?sslmode=disable` }).tls, undefined)
    for (const query of ['ssl-mode=perhaps', 'sslrootcert=/nowhere/ca.pem', 'verify=1']) {
      assert.equal(mistakesOf({ DB_HOST: `${url}?${query}`, SESSION_SECRET: secret }).length, 1, query)
    }
  })
})
