import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { COMPOSE, HEALED, HEALTH_LOOK, SITE_READY } from './budgets.ts'
import { CommandError, type CommandOptions, docker } from './docker.ts'
import { DATABASE_VIRTUAL_OCTET, type Host, isHost, OCTETS, WEB_VIRTUAL_OCTET } from './network.ts'
import { waitFor } from './waiting.ts'

export const LAB_DIR = dirname(fileURLToPath(import.meta.url))
export const ROOT_DIR = dirname(LAB_DIR)
/** What runs once at the start of a scenario, and is no host. */
const ONCE: ReadonlySet<string> = new Set(['migrate', 'deploy'])
const DEFAULT_NET = '172.30.1'

/** What one answer of the site looks like from the client's machine. */
export interface SiteAnswer {
  status: number
  headers: Record<string, string>
  body: string
  ms: number
}

/** The containers of one scenario, and what can be done to them. */
export class Lab {
  readonly scenario: string
  readonly net: string
  readonly project: string
  readonly hosts: Host[]
  readonly siteOctet: number
  readonly #envFile: string
  readonly #env: Record<string, string>

  /** @param overrides variables of the scenario's file that this lab sets otherwise */
  constructor(scenario: string, overrides: Record<string, string> = {}) {
    this.scenario = scenario
    this.net = process.env.LAB_NET ?? DEFAULT_NET
    // Two labs on one machine differ in their network, so they differ in their names too.
    this.project =
      process.env.LAB_NAME ?? (this.net === DEFAULT_NET ? 'carrinho' : `carrinho-${this.net.replaceAll('.', '-')}`)
    this.#envFile = join(LAB_DIR, 'scenarios', `${scenario}.env`)
    const variables = { ...readEnvFile(this.#envFile), ...overrides }
    this.#env = { LAB_NET: this.net, LAB_NAME: this.project, ...overrides }
    this.hosts = (variables.COMPOSE_PROFILES ?? '').split(',').filter(isHost)
    this.siteOctet = Number(variables.SITE_OCTET ?? WEB_VIRTUAL_OCTET)
  }

  get site(): string {
    return `http://${this.net}.${this.siteOctet}`
  }

  get webVirtualAddress(): string {
    return `${this.net}.${WEB_VIRTUAL_OCTET}`
  }

  get databaseVirtualAddress(): string {
    return `${this.net}.${DATABASE_VIRTUAL_OCTET}`
  }

  address(host: Host): string {
    return `${this.net}.${OCTETS[host]}`
  }

  container(host: Host): string {
    return `${this.project}-${host}-1`
  }

  compose(args: string[], options: CommandOptions = {}): Promise<string> {
    return docker(['compose', '--project-directory', ROOT_DIR, '--env-file', this.#envFile, ...args], {
      timeoutMs: COMPOSE,
      ...options,
      env: { ...this.#env, ...options.env }
    })
  }

  exec(host: Host, command: string[], options?: CommandOptions): Promise<string> {
    return docker(['exec', this.container(host), ...command], options)
  }

  /** The lab whose containers are running, broken ones aside: of the smallest scenario that has them all. */
  static async findRunning(scenarios: readonly string[]): Promise<Lab | undefined> {
    const labs = scenarios.map(scenario => new Lab(scenario)).sort((a, b) => a.hosts.length - b.hosts.length)
    const [any] = labs
    if (!any) return undefined
    const running = [...(await any.#running())].filter(host => !ONCE.has(host))
    if (running.length === 0) return undefined
    return labs.find(lab => running.every(host => lab.hosts.includes(host as Host)))
  }

  /** True when the containers of this scenario, and of no other, are running. */
  async isUp(): Promise<boolean> {
    const running = await this.#running()
    for (const host of ONCE) running.delete(host)
    return this.hosts.every(host => running.has(host)) && [...running].every(host => this.hosts.includes(host as Host))
  }

  async #running(): Promise<Set<string>> {
    const out = await docker([
      'ps',
      '--filter',
      `label=com.docker.compose.project=${this.project}`,
      '--format',
      '{{.Names}}'
    ])
    const names = out.split('\n').filter(Boolean)
    return new Set(names.map(name => name.slice(this.project.length + 1, -2)))
  }

  /** Starts the scenario and waits until the site is ready. Another scenario of this lab is taken down first, data kept. */
  async up(say: (text: string) => void, signal?: AbortSignal): Promise<void> {
    const running = await this.#running()
    if ([...running].some(host => !ONCE.has(host) && !this.hosts.includes(host as Host))) {
      say('taking the other scenario down')
      await this.down()
    }
    if (running.size === 0) await this.#checkPorts()
    say(`starting ${this.hosts.length} hosts`)
    await this.compose(['up', '--detach', '--remove-orphans', '--quiet-pull'], {
      onLine: line => process.env.LAB_VERBOSE && say(line),
      signal
    })
    await this.waitForSite(say, signal)
  }

  async waitForSite(say: (text: string) => void, signal?: AbortSignal): Promise<void> {
    const until = Date.now() + SITE_READY
    const startedAt = Date.now()
    let last = ''
    // Once healthy, a host is not asked again until all are: looking costs more than being.
    const done = new Set<Host>()
    while (Date.now() < until && !signal?.aborted) {
      const waitingFor: string[] = []
      for (const host of this.hosts) {
        if (!done.has(host) && (await this.isHealthy(host))) done.add(host)
        if (!done.has(host)) waitingFor.push(host)
      }
      if (waitingFor.length === 0) {
        const answer = await this.get('/health/ready').catch(() => undefined)
        if (answer?.status === 200) {
          say(`ready after ${Math.round((Date.now() - startedAt) / 1000)} s`)
          return
        }
        waitingFor.push('the site')
      }
      const text = waitingFor.join(', ')
      if (text !== last) say(`waiting for ${text}`)
      last = text
      await sleep(1_000)
    }
    throw new Error(
      `not ready within ${SITE_READY / 1000} s: waiting for ${last}. See: docker logs ${this.project}-HOST-1`
    )
  }

  /** What every host of the lab has said, with the times. */
  async logs(): Promise<string> {
    const text = await this.compose(['--profile', '*', 'logs', '--no-color', '--timestamps'])
    // Compose 2.26 clears a terminal's line before each, whatever it is told about colours.
    return text.replaceAll('\u001b[2K', '')
  }

  /** @param withData removes the data of all this lab's scenarios too */
  async down(withData = false): Promise<void> {
    const label = `label=com.docker.compose.project=${this.project}`
    // Every profile, whichever scenario it was started with.
    await this.compose(['--profile', '*', 'down', '--timeout', '15']).catch(async error => {
      // After hosts were cut off and killed the engine may keep an endpoint that nothing belongs to any more. The network
      // then stays, empty, for the next time; everything else is gone, which is what was asked for.
      if (!(error instanceof CommandError) || !error.output.includes('has active endpoints')) throw error
      if ((await docker(['ps', '--all', '--quiet', '--filter', label])).trim()) throw error
    })
    if (!withData) return
    const volumes = (await docker(['volume', 'ls', '--quiet', '--filter', label])).split('\n').filter(Boolean)
    if (volumes.length > 0) await docker(['volume', 'rm', ...volumes])
  }

  /** In service, not merely running. False also when the host does not exist. */
  async isHealthy(host: Host): Promise<boolean> {
    const command = healthCommand(host)
    if (!command) return true
    return this.exec(host, command, { timeoutMs: HEALTH_LOOK }).then(
      () => true,
      () => false
    )
  }

  async waitUntilHealthy(host: Host): Promise<void> {
    await waitFor(`${host} in service`, HEALED, () => this.isHealthy(host), LOOK_EVERY_MS)
  }

  /**
   * The same lab with other settings for some hosts, which are created anew with them: one after the other, so that of hosts that
   * stand in for each other one is always there.
   */
  async reconfigure(overrides: Record<string, string>, hosts: Host[]): Promise<void> {
    for (const host of hosts) {
      await this.recreate(overrides, host)
      await this.waitUntilHealthy(host)
    }
  }

  /** A host created anew with other settings, not waited for. */
  async recreate(overrides: Record<string, string>, host: Host): Promise<void> {
    await new Lab(this.scenario, overrides).compose(['up', '--detach', '--no-deps', '--force-recreate', host])
  }

  /** One request from the client's machine, on a connection of its own. */
  async get(
    path: string,
    options: { accept?: string; host?: string; headers?: Record<string, string> } = {}
  ): Promise<SiteAnswer> {
    const url = `${options.host ? `http://${options.host}` : this.site}${path}`
    const { accept = 'application/json', headers = {} } = options
    const out = await this.exec('client', ['node', '/lab/workload/get.ts', url, accept, JSON.stringify(headers)])
    return JSON.parse(out) as SiteAnswer
  }

  /** The hosts, of those given, whose interface carries the address now. */
  async holders(address: string, hosts: readonly Host[]): Promise<Host[]> {
    const found: Host[] = []
    for (const host of hosts) {
      const out = await this.exec(host, ['ip', '-4', '-brief', 'address', 'show', 'dev', 'eth0']).catch(() => '')
      if (out.split(/\s+/).some(text => text.split('/')[0] === address)) found.push(host)
    }
    return found
  }

  /** A long-running command inside a host; its input and output are open. */
  spawnIn(host: Host, command: string[], user?: string): ChildProcess {
    const as = user === undefined ? [] : ['--user', user]
    return spawn('docker', ['exec', '--interactive', ...as, this.container(host), ...command], { detached: true })
  }

  async #checkPorts(): Promise<void> {
    if (!this.hosts.includes('door')) return
    for (const [variable, fallback] of [
      ['LAB_PORT', 8080],
      ['LAB_STATS_PORT', 9999]
    ] as const) {
      const port = Number(process.env[variable] ?? fallback)
      if (!(await isFree(port))) {
        throw new Error(
          `port ${port} of this computer is already in use. Free it, or choose another: ${variable}=${port + 1}`
        )
      }
    }
  }
}

/** For what costs a `docker exec` each time, while shoppers share the processors with it. */
export const LOOK_EVERY_MS = 1_000

function healthCommand(host: Host): string[] | undefined {
  if (/^web\d/.test(host)) {
    // As `carrinho healthcheck --ready`, without starting a Node process for each look.
    return [
      'perl',
      '-MIO::Socket::INET',
      '-e',
      'my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:5000", Timeout => 1) or exit 1; print $s "GET /health/ready HTTP/1.0\\r\\n\\r\\n"; exit(<$s> =~ / 200 / ? 0 : 1)'
    ]
  }
  if (host === 'door') return ['service', 'haproxy', 'status']
  if (/^haproxy/.test(host)) {
    return ['sh', '-c', 'service haproxy status && { [ -z "$KEEPALIVED_CONFIG" ] || pgrep -x keepalived; }']
  }
  if (/^gluster/.test(host)) return ['gluster-ready']
  if (/^nfs/.test(host)) return ['nfs-ready']
  if (/^apache/.test(host)) return ['sh', '-c', 'service apache2 status && pgrep -x keepalived']
  if (/^mariadb/.test(host)) {
    return [
      'sh',
      '-c',
      'state=$(ask 127.0.0.1); case $GALERA in on) echo "$state" | grep -q ^wsrep_local_state=4 && echo "$state" | grep -q status=Primary ;; *) echo "$state" | grep -q ^wsrep_cluster_status ;; esac'
    ]
  }
  if (host === 'arbitrator') return ['sh', '-c', 'ask 127.0.0.1 | grep -q ^phase=running']
  if (/^pg\d/.test(host)) return ['pg-ready']
  if (/^pgpool/.test(host)) return ['pgpool-ready']
  return ['true']
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** NAME=value lines; what compose would interpolate is left as it stands. */
export function readEnvFile(file: string): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const found = /^([A-Z_]+)=(.*)$/.exec(line.trim())
    if (found) variables[found[1] as string] = (found[2] as string).replace(/^"(.*)"$/, '$1')
  }
  return variables
}
