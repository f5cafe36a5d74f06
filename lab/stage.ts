import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { CUSTOMERS_READY, HEALED, STATE_REACHED, WORKLOAD_END } from './budgets.ts'
import { startCapture } from './capture.ts'
import {
  type Calm,
  findLongestGap,
  findLongestPause,
  findUnrest,
  namesDatabaseNode,
  type Span
} from './checker/gaps.ts'
import { countBy } from './checker/tally.ts'
import type { Fault } from './faults/index.ts'
import { type Lab, LOOK_EVERY_MS } from './lab.ts'
import type { Host } from './network.ts'
import type { Claim, FaultRecord, Figure, Table } from './report/result.ts'
import { waitFor, within } from './waiting.ts'
import type { Line, WorkloadOptions } from './workload/history.ts'
import type { FileLine } from './workload/storage.ts'

/** The run was ended from outside, by Ctrl-C. */
export class Interrupted extends Error {}

/** Undefined where it failed: what was waited for and did not come is for a claim to tell. @throws Interrupted */
export const ifReached = <T>(waiting: Promise<T>): Promise<T | undefined> =>
  waiting.catch(error => {
    if (error instanceof Interrupted) throw error
    return undefined
  })

export interface BreakOptions {
  /** How long the fault lasts, from the moment it has been injected. */
  holdMs?: number
  /** Between the heal and the end of what is measured: balancers and pools return to normal. */
  settleMs?: number
  /** Awaited after the heal, and still measured: what the heal sets off, such as an address that goes back. */
  afterwards?: (() => Promise<void>) | undefined
  /** Distinguishes it from the same fault under other circumstances. */
  under?: string
  /** What it is called in the report, where the same fault strikes one host and then another. */
  as?: string
  /** Asked for while the fault lasts: the moment at which the cluster has to be looked at. */
  during?: () => Promise<void>
  /** With few requests it may meet nobody: whether it struck is then said, not claimed. */
  mayMiss?: boolean
  /** Why it went as it did, for the class: said after what was observed. */
  why?: string
}

/** What the command line says of a run. */
export interface RunSettings {
  /** How often each fault is repeated, where a scenario repeats; undefined: as often as its figures ask for. */
  times?: number | undefined
  /** How long a soak lasts. */
  minutes?: number | undefined
  /** Once each, and only the faults that have a figure: for CI. */
  short?: boolean
  /** Only the faults whose row holds this text, or one of several with a | between. */
  only?: string | undefined
}

/** What a scenario acts on: says what happens, breaks, measures, claims. Everything it starts ends with it. */
export class Stage {
  readonly lab: Lab
  readonly dir: string
  readonly startedAt = Date.now()
  /** Distinguishes this run's customers and items from earlier ones'. */
  readonly run = this.startedAt.toString(36)
  readonly history: Line[] = []
  /** Of scenarios with shared storage: what was written and read there. */
  readonly files: FileLine[] = []
  readonly faults: FaultRecord[] = []
  readonly claims: Claim[] = []
  readonly figures: Figure[] = []
  readonly tables: Table[] = []
  readonly signal: AbortSignal
  readonly settings: RunSettings
  #workloads = 0
  readonly #active = new Set<Fault>()
  /** When what was broken had been started again. Unix time, milliseconds. */
  readonly #restoredAt = new Map<FaultRecord, number>()
  readonly #reconfigured = new Set<Host>()
  readonly #cleanups: { what: string; undo: () => Promise<void> | void }[] = []
  #endWorkload: (() => Promise<void>) | undefined
  /** When customers shopped. */
  readonly #watched: Span[] = []
  /** What is said when the last request has ended. */
  readonly #judgements: (() => void)[] = []

  constructor(lab: Lab, dir: string, signal: AbortSignal, settings: RunSettings) {
    this.lab = lab
    this.dir = dir
    this.signal = signal
    this.settings = settings
  }

  #say(label: string, text: string): void {
    const seconds = ((Date.now() - this.startedAt) / 1000).toFixed(1).padStart(6)
    console.log(`${seconds} s  ${label.padEnd(8)} ${text}`)
  }

  explain(text: string): void {
    this.#say('explain', text)
  }

  predict(text: string): void {
    this.#say('predict', text)
  }

  observe(text: string): void {
    this.#say('observe', text)
  }

  progress(text: string): void {
    this.#say('', text)
  }

  /** A statement that this run shows to hold, or not. Evidence is what was seen, never what was expected. */
  claim(claim: string, holds: boolean, evidence: string, isPromise = false): void {
    this.claims.push({ claim, holds, evidence, isPromise })
    this.#say(holds ? 'HOLDS' : 'FAILS', `${claim}. Seen: ${evidence}`)
  }

  /** A claim about what a shopper was promised, such as that nothing is lost: a run that breaks it is not tried again. */
  promise(claim: string, holds: boolean, evidence: string): void {
    this.claim(claim, holds, evidence, true)
  }

  /** A measured number for the report's table. */
  figure(figure: Figure): void {
    this.figures.push(figure)
  }

  async pause(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.signal })
    } catch {
      throw new Interrupted()
    }
  }

  /** @param everyMs longer where the answer costs several commands, which take much of the one machine's time */
  async waitFor(what: string, budgetMs: number, isSo: () => Promise<boolean>, everyMs?: number): Promise<number> {
    const ask = async () => {
      if (this.signal.aborted) throw new Interrupted()
      return isSo()
    }
    return waitFor(what, budgetMs, ask, everyMs)
  }

  /** Whoever holds the address: waits until one does, and only one. @throws when it does not come to that in time */
  async findHolder(address: string, hosts: readonly Host[]): Promise<Host> {
    let holders: Host[] = []
    await this.waitFor(`one of ${hosts.join(', ')} holds ${address}`, STATE_REACHED, async () => {
      holders = await this.lab.holders(address, hosts)
      return holders.length === 1
    })
    return holders[0] as Host
  }

  /** Creates hosts anew with other settings, one after the other; at the end, if the lab stays up, they are as configured again. */
  async reconfigure(overrides: Record<string, string>, hosts: Host[]): Promise<void> {
    for (const host of hosts) this.#reconfigured.add(host)
    await this.lab.reconfigure(overrides, hosts)
  }

  /** Undone at the end, whatever happens until then, the latest first: what is changed without `break`. */
  undoAtEnd(what: string, undo: () => Promise<void> | void): void {
    this.#cleanups.unshift({ what, undo })
  }

  /** A table of the scenario's own for the report. */
  table(table: Table): void {
    this.tables.push(table)
  }

  /**
   * Starts customers and probe inside the lab's network; returns when every customer has signed in.
   * @returns the prefix of these customers' names, which no other workload of the run has
   */
  async startWorkload(options: Partial<WorkloadOptions> = {}): Promise<string> {
    // c01, c02, … of the first workload, 2c01 of the second: names and items are the run's own.
    this.#workloads += 1
    const prefix = this.#workloads === 1 ? 'c' : `${this.#workloads}c`
    const full: WorkloadOptions = {
      site: this.lab.site,
      run: this.run,
      prefix,
      tabs: 1,
      customers: 6,
      probeEveryMs: 20,
      thinkMs: 250,
      ...options
    }
    this.progress(
      `workload: ${full.customers} customers${full.tabs > 1 ? ` in ${full.tabs} tabs each` : ''}, and a look at a list each ${full.probeEveryMs} ms, through ${full.site}`
    )
    const child = this.lab.spawnIn('client', ['node', '/lab/workload/main.ts', JSON.stringify(full)])
    const file = createWriteStream(join(this.dir, 'history.jsonl'), { flags: this.history.length > 0 ? 'a' : 'w' })
    let complaints = ''
    child.stderr?.on('data', chunk => {
      complaints += chunk
    })
    const ended = new Promise<number | null>(resolve => child.on('close', resolve))
    let markReady = () => {}
    const ready = new Promise<void>(resolve => {
      markReady = resolve
    })
    if (!child.stdout) throw new Error('the workload has no output')
    const lines = createInterface({ input: child.stdout })
    const linesRead = new Promise<void>(resolve => lines.once('close', resolve))
    lines.on('line', text => {
      const line = readLine(text)
      if (!line) return
      if ('ready' in line) return markReady()
      this.history.push(line)
      file.write(`${text}\n`)
    })
    const showing = setInterval(() => this.#showProgress(), 5_000)
    this.#endWorkload = async () => {
      this.#endWorkload = undefined
      clearInterval(showing)
      child.stdin?.end()
      const code = await within(WORKLOAD_END, ended)
      if (code === undefined) child.kill('SIGKILL')
      else await linesRead
      await new Promise<void>(resolve => file.end(() => resolve()))
      if (code !== 0)
        throw new Error(`the workload did not end well (${code ?? 'too slow'}): ${complaints.trim().slice(-500)}`)
    }
    const first = await within(CUSTOMERS_READY, Promise.race([ready.then(() => 'ready'), ended.then(() => 'ended')]))
    if (first !== 'ready') {
      await this.#endWorkload().catch(() => undefined)
      throw new Error(`the customers could not sign in: ${complaints.trim().slice(-500) || 'no answer in time'}`)
    }
    this.#watched.push({ fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY })
    return prefix
  }

  #showProgress(): void {
    const recent = this.history.filter(line => line.at > Date.now() - 5_000)
    const bad = recent.filter(line => line.outcome !== 'ok').length
    const share = (field: 'server' | 'node') =>
      Object.entries(countBy(recent, field))
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')
    this.#say(
      '',
      `… last 5 s: ${recent.length} requests, ${bad} failed · ${share('server') || 'nobody'} · ${share('node') || 'no database'}`
    )
  }

  /** Customers finish what they are doing and read their lists for the last time. */
  async stopWorkload(): Promise<void> {
    this.progress('workload ends: customers finish, final lists are read')
    const watched = this.#watched.at(-1)
    if (watched) watched.toMs = Date.now()
    await this.#endWorkload?.()
    // Requests that were still under way when their fault's time was up have ended now, and may have taken longest; and what did
    // not serve again by then may have done so since.
    for (const record of this.faults) {
      Object.assign(record, this.#measureCustomers(this.startedAt + record.atMs, this.startedAt + record.untilMs))
      record.servedAgainMs ??= this.#firstServed(this.#restoredAt.get(record) as number)
    }
    for (const judge of this.#judgements.splice(0)) judge()
  }

  /** Waits with a verdict until the workload has ended: a request that a fault delayed may still be under way when it is healed. */
  judgeAtEnd(judge: () => void): void {
    this.#judgements.push(judge)
  }

  /** What the customers and the probe noticed while nothing was broken, settings that were changed meanwhile included. */
  measureCalm(): Calm {
    const faults = this.faults.map(({ atMs, untilMs }) => ({
      fromMs: this.startedAt + atMs,
      toMs: this.startedAt + untilMs
    }))
    return findUnrest(this.history, this.#watched, faults)
  }

  /** The customers' failed requests that touch a fault. */
  failuresOf({ atMs, untilMs }: FaultRecord): Line[] {
    const [from, to] = [this.startedAt + atMs, this.startedAt + untilMs]
    return this.history.filter(
      line => line.who !== 'probe' && line.outcome !== 'ok' && line.at + line.ms >= from && line.at <= to
    )
  }

  /** Breaks, waits, heals, waits until all is well, and measures what the probe and the customers noticed. */
  async break(fault: Fault, options: BreakOptions = {}): Promise<FaultRecord> {
    const { holdMs = 5_000, settleMs = 2_000 } = options
    this.#say('BREAK', fault.name)
    this.#active.add(fault)
    const at = Date.now()
    await fault.inject(this.lab)
    const injectedAt = Date.now()
    await options.during?.()
    await this.pause(Math.max(0, holdMs - (Date.now() - injectedAt)))
    this.#say('heal', fault.name)
    const healingAt = Date.now()
    const restoredAt = await this.heal(fault)
    const healedAt = Date.now()
    await options.afterwards?.()
    await this.pause(settleMs)
    const until = Date.now()
    if (fault.effect) {
      const effect = await fault.effect(this.lab)
      if (options.mayMiss) this.observe(`${fault.name}: ${effect ?? 'it met nobody'}`)
      else this.claim(`${fault.name}: it struck`, effect !== undefined, effect ?? 'nothing that shows it')
    }
    const gap = findLongestGap(this.history, at, until)
    const databaseGap = findLongestGap(this.history, at, until, namesDatabaseNode)
    const record: FaultRecord = {
      name: options.as ?? (options.under ? `${fault.name}, ${options.under}` : fault.name),
      atMs: at - this.startedAt,
      struckMs: injectedAt - this.startedAt,
      healingMs: healingAt - this.startedAt,
      healedMs: healedAt - this.startedAt,
      untilMs: until - this.startedAt,
      servedAgainMs: this.#firstServed(restoredAt),
      longestGapMs: gap?.ms ?? null,
      gapAtMs: gap ? Math.round(gap.fromMs - this.startedAt) : null,
      longestDatabaseGapMs: databaseGap?.ms ?? null,
      databaseGapAtMs: databaseGap ? Math.round(databaseGap.fromMs - this.startedAt) : null,
      ...this.#measureCustomers(at, until)
    }
    this.faults.push(record)
    this.#restoredAt.set(record, restoredAt)
    this.observe(
      `longest gap ${record.longestGapMs ?? '?'} ms, ${record.longestDatabaseGapMs ?? '?'} ms without a database, a customer waited ${record.longestPauseMs ?? '?'} ms at most; ` +
        `${record.failedProbes} probes and ${record.failedRequests} of the customers' requests failed, of ${record.requests}`
    )
    if (options.why) this.explain(options.why)
    return record
  }

  /** What was noticed by those whose requests touch the time between. Known for good only when the last of them has ended. */
  #measureCustomers(fromMs: number, untilMs: number) {
    const lines = this.history.filter(line => line.at + line.ms >= fromMs && line.at <= untilMs)
    const failed = lines.filter(line => line.outcome !== 'ok')
    const pause = findLongestPause(this.history, fromMs, untilMs)
    return {
      longestPauseMs: pause?.ms ?? null,
      pauseAtMs: pause ? Math.round(pause.fromMs - this.startedAt) : null,
      failedProbes: failed.filter(line => line.what === 'probe').length,
      failedRequests: failed.filter(line => line.what !== 'probe').length,
      requests: lines.length
    }
  }

  /** @returns when what was broken had been started again, and went on by itself */
  async heal(fault: Fault): Promise<number> {
    await fault.heal(this.lab)
    const restoredAt = Date.now()
    await sleep(LOOK_EVERY_MS)
    await waitFor(`${fault.name}: healed`, HEALED, () => fault.isHealed(this.lab), LOOK_EVERY_MS)
    this.#active.delete(fault)
    return restoredAt
  }

  /** Milliseconds from `fromMs` to the first answer to a probe that a database node had part in; null when none came. */
  #firstServed(fromMs: number): number | null {
    const answers = this.history
      .filter(line => line.what === 'probe' && line.outcome === 'ok' && line.node)
      .map(line => line.at + line.ms)
      .filter(at => at >= fromMs)
    return answers.length > 0 ? Math.round(Math.min(...answers) - fromMs) : null
  }

  /** Captures packets as `host` sees them until the returned function is called, which gives them as text. */
  async capture(host: Host, name: string, filter: string): Promise<() => Promise<string[]>> {
    const capture = await startCapture(this.lab, host, join(this.dir, `${name}.pcap`), filter)
    this.undoAtEnd(`capture ${name}`, capture.end)
    return capture.read
  }

  /**
   * Ends the workload and heals everything, whatever happened before. Errors are told, not thrown.
   * @param staysUp the lab goes on after the run, so that its settings matter
   */
  async cleanUp(staysUp: boolean): Promise<void> {
    const attempt = async (what: string, act: () => Promise<void> | void) => {
      try {
        await act()
      } catch (error) {
        console.error(`while cleaning up (${what}): ${error instanceof Error ? error.message : error}`)
      }
    }
    for (const fault of this.#active) {
      this.#say('heal', fault.name)
      await attempt(fault.name, async () => void (await this.heal(fault)))
    }
    if (this.#endWorkload) await attempt('workload', this.#endWorkload)
    for (const { what, undo } of this.#cleanups) await attempt(what, undo)
    const hosts = [...this.#reconfigured]
    if (staysUp && hosts.length > 0) await attempt('settings', () => this.lab.reconfigure({}, hosts))
  }
}

/** Undefined for what was cut off in the middle, because the client's machine went away: the workload's end says so. */
function readLine(text: string): Line | { ready: true } | undefined {
  try {
    return JSON.parse(text) as Line | { ready: true }
  } catch {
    return undefined
  }
}
