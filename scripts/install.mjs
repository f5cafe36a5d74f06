// Installs missing test servers with apt-get: only as root on Debian or Ubuntu, and says so before it does.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

const policyFile = '/usr/sbin/policy-rc.d'
const policyMark = '# written by carrinho npm test'

const packages = {
  mariadb: 'mariadb-server',
  postgres: 'postgresql',
  haproxy: 'haproxy',
  chromium: 'chromium',
  // What single tests use: a compiler, certificates, limits, the databases' own programs for backups.
  tools: 'gcc libc6-dev openssl util-linux mariadb-client postgresql-client'
}

/** The services that those packages start by themselves, for machines with systemd. */
const services = { mariadb: 'mariadb', postgres: 'postgresql', haproxy: 'haproxy' }

function osRelease() {
  try {
    return readFileSync('/etc/os-release', 'utf8')
  } catch {
    return ''
  }
}

/** Which of the missing servers apt-get can bring here; the others keep their reason. */
export function installable(missing) {
  const release = osRelease()
  if (process.getuid?.() !== 0 || !/^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release)) return []
  // Ubuntu's chromium package is a pointer to a snap, which does not run in most places tests run.
  return missing.filter(name => packages[name] && !(name === 'chromium' && /^ID=ubuntu/m.test(release)))
}

function run(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8' })
  if (status === 0) return true
  console.error(`${command} ${args.join(' ')} failed (${error?.message ?? status}):\n${stdout ?? ''}${stderr ?? ''}`)
  return false
}

/** Debian starts a service as soon as its package is there. The tests start their own, so nothing else may. */
function withoutServiceStarts(work) {
  if (existsSync(policyFile) && !readFileSync(policyFile, 'utf8').includes(policyMark)) return work()
  writeFileSync(policyFile, `#!/bin/sh\n${policyMark}\nexit 101\n`, { mode: 0o755 })
  const remove = () => rmSync(policyFile, { force: true })
  process.once('exit', remove)
  try {
    return work()
  } finally {
    remove()
    process.removeListener('exit', remove)
  }
}

/** Installs what `installable` named. A failure is reported and leaves the server missing. */
export function install(names) {
  const wanted = names.flatMap(name => packages[name].split(' '))
  console.error(`Installing with apt-get, for the tests: ${wanted.join(', ')}`)
  const apt = ['-qq', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3']
  const options = ['install', '--yes', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confdef']
  const startedAt = Date.now()
  withoutServiceStarts(() => run('apt-get', [...apt, 'update']) && run('apt-get', [...apt, ...options, ...wanted]))
  if (existsSync('/run/systemd/system')) {
    for (const name of names) if (services[name]) run('systemctl', ['disable', '--now', services[name]])
  }
  console.error(`apt-get took ${Math.round((Date.now() - startedAt) / 1000)} s`)
}
