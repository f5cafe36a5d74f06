import {
  crashHaproxy,
  cut,
  freeze,
  kill,
  loseDatabase,
  nextRelease,
  nextReleaseServerFirst,
  rolling,
  stop,
  stopKeepalived
} from './faults/index.ts'
import type { Host } from './network.ts'
import type { Stage } from './stage.ts'
import type { Trial } from './trials.ts'

/** Whoever holds the address when it is asked. */
export const holderOf =
  (address: 'webVirtualAddress' | 'databaseVirtualAddress', hosts: readonly Host[]) => (stage: Stage) =>
    stage.findHolder(stage.lab[address], hosts)

const webBalancer = holderOf('webVirtualAddress', ['haproxy01', 'haproxy02'])
/** Either web server in turn. */
export const web = async (_stage: Stage, round: number): Promise<Host> => (round % 2 === 0 ? 'web01' : 'web02')

/** The faults of web servers and their balancers, the same whatever the database. The figures are those that this project set itself. */
export const webTrials: readonly Trial[] = [
  { row: 'web server: graceful stop', host: web, fault: stop, failed: 0, pauseMs: 250 },
  { row: 'web servers: rolling restart', fault: () => rolling('web01', 'web02'), failed: 0, pauseMs: 250, holdMs: 0 },
  {
    row: 'a release with a migration: migrate, then the web servers',
    fault: () => nextRelease('web01', 'web02'),
    failed: 0,
    pauseMs: 1_000,
    times: 2,
    holdMs: 1_000
  },
  {
    row: 'a release with a migration: a web server first',
    fault: () => nextReleaseServerFirst('web01', 'web02'),
    failed: 0,
    pauseMs: 1_000,
    times: 2,
    holdMs: 1_000
  },
  { row: 'web server: kill -9', host: web, fault: kill, failed: 0, pauseMs: 1_000 },
  { row: 'web server: frozen', host: web, fault: freeze, failed: 0, pauseMs: 2_500 },
  { row: 'web server: cut from the network', host: web, fault: cut, failed: 0, pauseMs: 2_500 },
  {
    row: 'web server: it alone loses the database',
    host: web,
    fault: loseDatabase,
    failed: 0,
    pauseMs: 2_500,
    // Longer than READY_GRACE_MS, and than a request may wait.
    holdMs: 12_000
  },
  { row: 'web balancer: kill -9', host: webBalancer, fault: kill, failed: 'in flight', pauseMs: 1_000 },
  {
    row: 'web balancer: its keepalived stopped',
    host: webBalancer,
    fault: stopKeepalived,
    failed: 'in flight',
    pauseMs: 1_000
  },
  {
    row: 'web balancer: its HAProxy crashes',
    host: webBalancer,
    fault: crashHaproxy,
    failed: 'in flight',
    pauseMs: 1_000
  },
  {
    row: 'web balancers: HAProxy crashes on both',
    fault: () => crashHaproxy('haproxy01', 'haproxy02'),
    failed: 'in flight',
    // Nobody takes over: the address is back with HAProxy and then Keepalived on either.
    pauseMs: 3_000
  },
  { row: 'web balancer: graceful stop', host: webBalancer, fault: stop, failed: 'in flight', pauseMs: 1_000 },
  { row: 'web balancer: frozen', host: webBalancer, fault: freeze, failed: 'in flight' },
  { row: 'web balancer: cut from the network', host: webBalancer, fault: cut, failed: 'in flight' }
]
