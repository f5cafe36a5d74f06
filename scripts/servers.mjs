// Starts the servers that tests and bench need, each in a folder of its own and on a free port of 127.0.0.1.

import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync
} from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { install, installable } from './install.mjs'
import { freePort } from './ports.mjs'

export const all = ['mariadb', 'postgres', 'haproxy', 'chromium', 'tools']

const variables = {
  mariadb: 'CARRINHO_TEST_MARIADB',
  postgres: 'CARRINHO_TEST_POSTGRES',
  haproxy: 'CARRINHO_TEST_HAPROXY',
  chromium: 'CARRINHO_TEST_CHROMIUM',
  tools: 'CARRINHO_TEST_TOOLS'
}

const images = { mariadb: 'mariadb:11.8', postgres: 'postgres:17', haproxy: 'haproxy:3.0' }

const startWithinMs = 60_000

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function findBinary(names, folders = []) {
  const path = (process.env.PATH ?? '').split(delimiter)
  for (const folder of [...path, '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin', ...folders]) {
    for (const name of names) if (folder && isExecutable(join(folder, name))) return join(folder, name)
  }
}

function postgresFolders() {
  const found = []
  for (const base of ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']) {
    if (!existsSync(base)) continue
    for (const name of readdirSync(base)) if (/^(\d+|postgresql@\d+)$/.test(name)) found.push(join(base, name, 'bin'))
  }
  const version = folder => Number(/(\d+)\/bin$/.exec(folder)?.[1])
  return found.sort((a, b) => version(b) - version(a))
}

const macApps = ['Google Chrome', 'Chromium'].map(name => `/Applications/${name}.app/Contents/MacOS/${name}`)

/** The programs of each server, or undefined where one of them is not on this machine. */
const find = {
  mariadb() {
    const server = findBinary(['mariadbd', 'mysqld'])
    const installer = findBinary(['mariadb-install-db', 'mysql_install_db'])
    return server && installer && { server, installer }
  },
  postgres() {
    const initdb = findBinary(['initdb'], postgresFolders())
    const server = initdb && join(initdb, '../postgres')
    return server && isExecutable(server) ? { initdb, server } : undefined
  },
  haproxy: () => findBinary(['haproxy']),
  chromium: () =>
    findBinary(['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']) ??
    macApps.find(isExecutable),
  tools: () => tools.every(name => findBinary([name], postgresFolders())) && tools.join(',')
}

const tools = ['cc', 'openssl', 'prlimit', 'mariadb-dump', 'pg_dump', 'pg_restore']

/** User and group to run a server as, when we are root: database servers refuse to be root, or had better not be. */
function unprivileged(name) {
  if (process.getuid?.() !== 0) return {}
  for (const user of [name, 'nobody']) {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find(row => row.startsWith(`${user}:`))
    const [, , uid, gid] = line?.split(':') ?? []
    if (uid) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(`no user "${name}" or "nobody" to run a server as`)
}

const setpriv = process.platform === 'linux' && findBinary(['setpriv'])

/** Starts a server that ends with us, however we end, and that the terminal's Ctrl-C does not reach before we do. */
function spawnServer(command, args, { logFile, ...options }) {
  const log = openSync(logFile, 'a')
  const [file, list] = setpriv ? [setpriv, ['--pdeathsig', 'TERM', command, ...args]] : [command, args]
  const child = spawn(file, list, { ...options, detached: true, stdio: ['ignore', log, log] })
  child.ended = new Promise(resolve => {
    child.once('error', resolve)
    child.once('exit', resolve)
  })
  return child
}

async function stopChild(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await child.ended
  clearTimeout(timer)
}

function tail(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-15).join('\n') : ''
}

/** Runs a set-up program to its end, without blocking the other servers that start meanwhile. */
function runOnce(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', data => (output += data))
    child.stderr.on('data', data => (output += data))
    child.once('error', reject)
    child.once('close', status => (status === 0 ? resolve(output) : reject(new Error(`${command} failed:\n${output}`))))
  })
}

async function answers(connect, isDead) {
  const deadline = Date.now() + startWithinMs
  while (true) {
    try {
      await connect()
      return
    } catch (error) {
      if (isDead()) throw new Error('it ended while it started')
      if (Date.now() > deadline) throw error
    }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

async function askMariadb(port, password) {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection({ host: '127.0.0.1', port, user: 'root', password, connectTimeout: 2000 })
  await connection.end()
}

async function askPostgres(port, password) {
  const { default: pg } = await import('pg')
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  await client.connect()
  await client.end()
}

async function startMariadb(folder, { server, installer }, password, options = []) {
  const owner = unprivileged('mysql')
  if (owner.uid) chownSync(folder, owner.uid, owner.gid)
  const data = join(folder, 'data')
  const logFile = join(folder, 'log')
  const init = join(folder, 'init.sql')
  await runOnce(
    installer,
    ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', ...options],
    { ...owner, cwd: folder }
  )
  writeFileSync(
    init,
    [
      "delete from mysql.global_priv where User = ''",
      'flush privileges',
      `create or replace user root@localhost identified by '${password}'`,
      `create or replace user root@127.0.0.1 identified by '${password}'`,
      'grant all on *.* to root@localhost with grant option',
      'grant all on *.* to root@127.0.0.1 with grant option'
    ]
      .map(line => `${line};\n`)
      .join('')
  )
  const port = await freePort()
  const child = spawnServer(
    server,
    [
      '--no-defaults',
      `--datadir=${data}`,
      `--tmpdir=${folder}`,
      `--socket=${join(folder, 's')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--init-file=${init}`,
      '--skip-log-bin',
      // An acknowledged write is on the disk: what the tests promise and what the bench must pay for.
      '--innodb-flush-log-at-trx-commit=1',
      '--innodb-buffer-pool-size=256M',
      // Looking names up is a way for a machine's DNS to slow every connection down.
      '--skip-name-resolve',
      '--max-connections=400',
      '--character-set-server=utf8mb4',
      ...options
    ],
    { ...owner, cwd: folder, logFile }
  )
  const stop = () => stopChild(child, 'SIGTERM')
  const isDead = () => child.exitCode !== null || child.signalCode !== null
  await answers(() => askMariadb(port, password), isDead).catch(async error => {
    await stop()
    throw new Error(`${error.message}\n${tail(logFile)}`)
  })
  return { url: `mysql://root:${password}@127.0.0.1:${port}`, stop }
}

async function startPostgres(folder, { initdb, server }, password, options = []) {
  const owner = unprivileged('postgres')
  const data = join(folder, 'data')
  const logFile = join(folder, 'log')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password)
  if (owner.uid) for (const path of [folder, passwordFile]) chownSync(path, owner.uid, owner.gid)
  const initOptions = ['--no-sync', '--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  await runOnce(initdb, [...initOptions, '--encoding=UTF8', '--locale=C', `--pgdata=${data}`], {
    ...owner,
    cwd: folder
  })
  const port = await freePort()
  const settings = ['max_connections=200', 'unix_socket_directories=', 'listen_addresses=127.0.0.1']
  const args = ['-D', data, '-p', String(port), ...settings.flatMap(pair => ['-c', pair]), ...options]
  const child = spawnServer(server, args, { ...owner, cwd: folder, logFile })
  // SIGINT: end the sessions and stop, without waiting for clients to leave.
  const stop = () => stopChild(child, 'SIGINT')
  const isDead = () => child.exitCode !== null || child.signalCode !== null
  await answers(() => askPostgres(port, password), isDead).catch(async error => {
    await stop()
    throw new Error(`${error.message}\n${tail(logFile)}`)
  })
  return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, stop }
}

let dockerAnswer

function hasDocker() {
  dockerAnswer ??= spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 }).status === 0
  return dockerAnswer
}

async function startContainer({ image, containerPort, env, args, ask }) {
  const options = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`])
  const publish = ['--publish', `127.0.0.1::${containerPort}`]
  const id = (await runOnce('docker', ['run', '--detach', '--rm', ...publish, ...options, image, ...args])).trim()
  const name = id.split('\n').at(-1)
  const stop = () => runOnce('docker', ['rm', '--force', '--volumes', name]).catch(() => {})
  try {
    const published = await runOnce('docker', ['port', name, String(containerPort)])
    const port = Number(/:(\d+)\s*$/m.exec(published)?.[1])
    const isDead = () => spawnSync('docker', ['inspect', name]).status !== 0
    await answers(() => ask(port), isDead)
    return { port, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The same servers from their official images, where Docker runs and the programs themselves are not installed. */
const startInDocker = {
  async mariadb(_folder, password) {
    const { port, stop } = await startContainer({
      image: images.mariadb,
      containerPort: 3306,
      env: { MARIADB_ROOT_PASSWORD: password, MARIADB_ROOT_HOST: '%' },
      args: ['--innodb-flush-log-at-trx-commit=1', '--skip-name-resolve', '--max-connections=400'],
      ask: hostPort => askMariadb(hostPort, password)
    })
    return { url: `mysql://root:${password}@127.0.0.1:${port}`, stop }
  },
  async postgres(_folder, password) {
    const { port, stop } = await startContainer({
      image: images.postgres,
      containerPort: 5432,
      env: { POSTGRES_PASSWORD: password },
      args: ['-c', 'max_connections=200'],
      ask: hostPort => askPostgres(hostPort, password)
    })
    return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, stop }
  },
  /** A program that behaves like `haproxy` and runs it in a container on the host's own network. */
  async haproxy(folder) {
    if (process.platform !== 'linux') throw new Error('its container needs the network of a Linux host')
    await runOnce('docker', ['pull', '--quiet', images.haproxy])
    const wrapper = join(folder, 'haproxy')
    const user = `${process.getuid()}:${process.getgid()}`
    const mount = `${tmpdir()}:${tmpdir()}:ro`
    const command = `docker run --rm --network host --user ${user} --volume '${mount}' ${images.haproxy} haproxy`
    writeFileSync(wrapper, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 })
    return { url: wrapper, stop: async () => {} }
  }
}

const startHere = {
  mariadb: startMariadb,
  postgres: startPostgres,
  haproxy: async (_folder, path) => ({ url: path, stop: async () => {} }),
  chromium: async (_folder, path) => ({ url: path, stop: async () => {} }),
  tools: async (_folder, names) => ({ url: names, stop: async () => {} })
}

/**
 * One more server, of a test's own, with its data in `folder`; undefined where its programs are not on this machine.
 * `options` are further ones of the server's command line.
 */
export async function startOwn(name, folder, { options = [], password = randomBytes(12).toString('hex') } = {}) {
  const programs = find[name]()
  return programs && startHere[name](folder, programs, password, options)
}

async function startOne(name, base) {
  const folder = join(base, name)
  mkdirSync(folder)
  const password = randomBytes(12).toString('hex')
  const programs = find[name]()
  if (programs) return startHere[name](folder, programs, password)
  if (startInDocker[name] && hasDocker()) return startInDocker[name](folder, password)
  throw new Error(startInDocker[name] ? 'not installed, and no Docker answers' : 'not installed')
}

/** What the data of a whole run of the tests need, with room to spare. */
const IN_MEMORY_BYTES = 4 * 1024 ** 3

const MEMORY = '/dev/shm'

/** A folder in memory, where this system has room for it; undefined elsewhere. */
function folderInMemory() {
  if (process.platform !== 'linux' || !existsSync(MEMORY)) return undefined
  // Whoever was killed could not clear up, and memory is dear.
  for (const name of readdirSync(MEMORY)) {
    const [, pid] = /^carrinho-test-(\d+)-/.exec(name) ?? []
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(MEMORY, name), { recursive: true, force: true })
  }
  const { bavail, bsize } = statfsSync(MEMORY)
  if (Math.min(bavail * bsize, freemem()) < IN_MEMORY_BYTES) return undefined
  return openFolder(join(MEMORY, `carrinho-test-${process.pid}-`))
}

/** The servers run as other users, and each must be able to reach its own folder. */
function openFolder(prefix) {
  const folder = mkdtempSync(prefix)
  chmodSync(folder, 0o755)
  return folder
}

/**
 * Starts what is wanted, at once. A server whose CARRINHO_TEST_… variable is already set is taken as it is.
 * `inMemory`: no test takes the power from these servers, and making a database is mostly waiting for the disk.
 * `memory` is the folder for that, where there is one. `missing` tells what could not be had, and why. `stop` ends every server
 * and removes its files.
 */
export async function startServers({ wanted = all, inMemory = false } = {}) {
  const env = {}
  const started = []
  const missing = []
  const base = openFolder(join(tmpdir(), 'carrinho-test-'))
  const memory = inMemory ? folderInMemory() : undefined
  const given = name => process.env[variables[name]]
  const absent = wanted.filter(name => !given(name) && !find[name]())
  const names = installable(absent)
  if (names.length > 0) install(names)
  await Promise.all(
    wanted.map(async name => {
      if (given(name)) {
        env[variables[name]] = given(name)
        return
      }
      try {
        const isDatabase = name === 'mariadb' || name === 'postgres'
        const server = await startOne(name, (isDatabase && memory) || base)
        started.push(server)
        env[variables[name]] = server.url
      } catch (error) {
        missing.push({ name, reason: error.message })
      }
    })
  )
  let stopped
  const stop = () => {
    stopped ??= Promise.all(started.map(server => server.stop())).then(() => {
      for (const folder of [base, memory]) if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    })
    return stopped
  }
  return { env, missing, memory, stop }
}
