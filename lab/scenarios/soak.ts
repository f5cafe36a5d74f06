import { STATE_REACHED } from '../budgets.ts'
import { fitSlope } from '../checker/slope.ts'
import { median } from '../checker/tally.ts'
import { claimNothingLost, claimSurvived } from '../common-claims.ts'
import { cut, type Fault, freeze, kill, rolling, slowDatabase, stop, stopKeepalived } from '../faults/index.ts'
import type { Host } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { Interrupted, type Stage } from '../stage.ts'

const MINUTES = 60
/** The deadline of a request: nobody sees the page that apologises. */
const SURVIVED_WITHIN_MS = 8_000
const WEB_SERVERS = ['web01', 'web02'] as const
const NODES = ['mariadb01', 'mariadb02'] as const
/** Older than this is an orphan: a request has ended by then, with all it had open. */
const ORPHANED_AFTER_MS = 15_000
const SAMPLE_EVERY_MS = 15_000
/** A process has its caches and its code compiled by then; what it grows afterwards counts. */
const WARM_AFTER_MS = 5 * 60_000
/** Over an hour the allocator's own ups and downs are about a third of this. */
const FLAT_MB_PER_HOUR = 24

/** web01 is never ended, only frozen or cut: its process lives through the soak, so that its memory can be judged. */
const FAULTS: (() => Fault)[] = [
  () => freeze('web01'),
  () => cut('web01'),
  () => kill('web02'),
  () => stop('web02'),
  () => rolling('web02'),
  () => kill('haproxy01'),
  () => kill('haproxy02'),
  () => stopKeepalived('haproxy01'),
  () => kill('haproxy03'),
  () => kill('haproxy04'),
  () => cut('haproxy03'),
  () => kill('mariadb01'),
  () => kill('mariadb02'),
  () => stop('mariadb01'),
  () => freeze('mariadb02'),
  () => cut('mariadb01'),
  () => cut('mariadb02'),
  () => slowDatabase('mariadb02'),
  () => rolling('mariadb01', 'mariadb02')
]

interface Sample {
  at: number
  host: Host
  /** Which process it was: the time of its start. */
  process: number
  residentMb: number
  open: number
  idle: number
  waiting: number
  /** Links beside the pool's on which only signs of life are asked for: one to each node. */
  watching: number
}

/** What a web server's /metrics says; undefined while it does not answer. */
async function sample(stage: Stage, host: Host): Promise<Sample | undefined> {
  const answer = await stage.lab
    .get('/metrics', { host: `${stage.lab.address(host)}:5000`, accept: 'text/plain' })
    .catch(() => undefined)
  if (answer?.status !== 200) return undefined
  const value = (name: string, label = '') =>
    Number(new RegExp(`^${name}\\{[^}]*${label}[^}]*\\} ([\\d.e+]+)$`, 'm').exec(answer.body)?.[1] ?? Number.NaN)
  return {
    at: Date.now(),
    host,
    process: value('process_start_time_seconds'),
    residentMb: value('process_resident_memory_bytes') / 1024 / 1024,
    open: value('carrinho_database_connections', 'state="open"'),
    idle: value('carrinho_database_connections', 'state="idle"'),
    waiting: value('carrinho_database_connections', 'state="waiting"'),
    watching: value('carrinho_database_connections', 'state="watching"')
  }
}

const ask = async (stage: Stage, host: Host, statement: string) =>
  Number(await stage.lab.exec(host, ['mariadb', '--batch', '--skip-column-names', '--execute', statement]))

/** Transactions that have been open for longer than any request may take. */
const countOldTransactions = (stage: Stage, host: Host) =>
  ask(
    stage,
    host,
    'select count(*) from information_schema.innodb_trx where trx_started < now() - interval 10 second and trx_mysql_thread_id <> 0'
  )

/** The application's connections as a node sees them. */
const countConnections = (stage: Stage, host: Host) =>
  ask(stage, host, `select count(*) from information_schema.processlist where user = 'carrinho'`)

interface PoolAtRest {
  clients: Sample[]
  /** Connections that each node has of the application. */
  servers: number[]
}

/** What the pools look like when nobody asks for anything; undefined while somebody waits, or a web server is silent. */
async function lookAtPools(stage: Stage): Promise<PoolAtRest | undefined> {
  const seen = await Promise.all(WEB_SERVERS.map(host => sample(stage, host)))
  const clients = seen.filter(each => each !== undefined)
  if (clients.length < WEB_SERVERS.length || clients.some(({ waiting }) => waiting > 0)) return undefined
  return { clients, servers: await Promise.all(NODES.map(host => countConnections(stage, host))) }
}

/** Nothing is in use, each node is watched, and no node has a connection that no pool knows of. */
function isAtRest({ clients, servers }: PoolAtRest): boolean {
  const owned = clients.reduce((sum, { open, watching }) => sum + open + watching, 0)
  const held = servers.reduce((sum, count) => sum + count, 0)
  return (
    clients.every(({ open, idle, watching }) => idle === open && open >= 2 && watching === NODES.length) &&
    held <= owned
  )
}

const describePools = ({ clients, servers }: PoolAtRest) =>
  `${clients.map(({ host, open, idle, watching }) => `${host}: ${open} open, ${idle} idle, ${watching} watching`).join('; ')}; ` +
  `the nodes see ${servers.join(' and ')}`

/** As with dice, but the same again for the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0
  return sides => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

export const scenario: Scenario = {
  number: 'soak',
  title: 'An hour of shopping, a random fault each minute',
  source: 'What none of the documents tried',
  async run(stage) {
    const minutes = stage.settings.minutes ?? MINUTES
    const seed = stage.startedAt % 100_000
    const roll = dice(seed)
    stage.explain(`${minutes} minutes, a fault each minute, chosen by a die with seed ${seed}`)
    const samples: Sample[] = []
    const look = async () => {
      for (const host of WEB_SERVERS) {
        const seen = await sample(stage, host)
        if (seen) samples.push(seen)
      }
    }
    await stage.startWorkload({ customers: 10, thinkMs: 560, probeEveryMs: 200 })
    let looking = true
    const watcher = (async () => {
      while (looking && !stage.signal.aborted) {
        await look()
        await new Promise(resolve => setTimeout(resolve, SAMPLE_EVERY_MS))
      }
    })()
    const startedAt = Date.now()
    try {
      for (let minute = 0; minute < minutes; minute += 1) {
        await stage.pause(Math.max(0, startedAt + minute * 60_000 + 10_000 - Date.now()))
        const fault = (FAULTS[roll(FAULTS.length)] as () => Fault)()
        stage.progress(`minute ${minute + 1} of ${minutes}`)
        await stage.break(fault, { holdMs: 8_000, settleMs: 2_000, mayMiss: true })
      }
      await stage.pause(Math.max(0, startedAt + minutes * 60_000 - Date.now()))
    } finally {
      looking = false
      await watcher
    }
    claimSurvived(stage, stage.faults, { what: 'each fault', withinMs: SURVIVED_WITHIN_MS, mayFail: 'in flight' })
    await stage.stopWorkload()
    await claimNothingLost(stage)

    stage.predict('Nobody asks any more: pools rest, no transaction is left open on either node')
    let rest: PoolAtRest | undefined
    try {
      await stage.waitFor('the pools are at rest', STATE_REACHED, async () => {
        rest = (await lookAtPools(stage)) ?? rest
        return rest !== undefined && isAtRest(rest)
      })
    } catch (error) {
      if (error instanceof Interrupted) throw error
    }
    stage.claim(
      'the pools are back to normal: nothing in use, every node watched, no connection on a node that no pool knows of',
      rest !== undefined && isAtRest(rest),
      rest ? describePools(rest) : 'no look at both'
    )
    await stage.pause(ORPHANED_AFTER_MS)
    const old = await Promise.all(NODES.map(host => countOldTransactions(stage, host)))
    stage.claim(
      'no transaction was left open on any node',
      old.every(count => count === 0),
      `older than 10 s: ${old.join(' on mariadb01, ')} on mariadb02`
    )
    claimFlatMemory(stage, samples)
  }
}

function claimFlatMemory(stage: Stage, samples: readonly Sample[]): void {
  const lives = new Map<string, Sample[]>()
  for (const seen of samples) {
    const name = `${seen.host} since ${new Date(seen.process * 1000).toISOString().slice(11, 19)}`
    lives.set(name, [...(lives.get(name) ?? []), seen])
  }
  const rows: (string | number)[][] = []
  let judged = 0
  let isFlat = true
  for (const [name, life] of lives) {
    const values = life.map(({ residentMb }) => residentMb)
    const warm = life.filter(({ at, process }) => at > process * 1000 + WARM_AFTER_MS)
    const longEnough = warm.length >= 2 && (warm.at(-1)?.at ?? 0) - (warm[0]?.at ?? 0) >= WARM_AFTER_MS
    const slope = longEnough
      ? fitSlope(warm.map(({ at, residentMb }) => ({ x: at / 3_600_000, y: residentMb })))
      : undefined
    if (slope !== undefined) {
      stage.figure({ name: `memory slope of ${name}`, unit: 'MB/hour', values: [Math.round(slope * 10) / 10] })
      const hours = ((warm.at(-1)?.at ?? 0) - (warm[0]?.at ?? 0)) / 3_600_000
      // A slope over minutes is mostly noise: judged where it spans half of an hour or more.
      if (hours >= 0.5) {
        judged += 1
        if (slope > FLAT_MB_PER_HOUR) isFlat = false
      }
    }
    rows.push([
      name,
      Math.round(((life.at(-1)?.at ?? 0) - (life[0]?.at ?? 0)) / 60_000),
      Math.round(Math.min(...values)),
      Math.round(median(values)),
      Math.round(Math.max(...values)),
      slope === undefined ? 'too short' : slope.toFixed(1)
    ])
  }
  stage.table({
    title: 'Resident memory of the web servers, MB',
    note: 'One row for each process: web02 is also killed and restarted. The slope leaves out the first five minutes of a process.',
    head: ['process', 'minutes', 'least', 'median', 'most', 'slope, MB/hour'],
    rows
  })
  if (judged > 0 || (stage.settings.minutes ?? MINUTES) >= 40)
    stage.claim(
      `memory is flat: at most ${FLAT_MB_PER_HOUR} MB an hour`,
      judged > 0 && isFlat,
      rows.map(row => `${row[0]}: ${row[5]} MB/hour`).join('; ')
    )
}
