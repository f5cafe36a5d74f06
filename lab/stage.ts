import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { CUSTOMERS_READY, HEALED, WORKLOAD_END } from './budgets.ts'
import { findLongestGap, findLongestPause, namesDatabaseNode } from './checker/gaps.ts'
import { countBy } from './checker/tally.ts'
import { docker } from './docker.ts'
import type { Fault } from './faults/index.ts'
import { type Lab, waitFor } from './lab.ts'
import type { Host } from './network.ts'
import type { Claim, FaultRecord, Figure } from './report/result.ts'
import type { Line, WorkloadOptions } from './workload/history.ts'

/** The run was ended from outside, by Ctrl-C. */
export class Interrupted extends Error {}

export interface BreakOptions {
  /** How long the fault lasts, from the moment it has been injected. */
  holdMs?: number
  /** Between the heal and the end of what is measured: balancers and pools return to normal. */
  settleMs?: number
  /** Distinguishes it from the same fault under other circumstances. */
  under?: string
  /** Asked for while the fault lasts: the moment at which the cluster has to be looked at. */
  during?: () => Promise<void>
}

/** What a scenario acts on: says what happens, breaks, measures, claims. Everything it starts ends with it. */
export class Stage {
  readonly lab: Lab
  readonly dir: string
  readonly startedAt = Date.now()
  readonly history: Line[] = []
  readonly faults: FaultRecord[] = []
  readonly claims: Claim[] = []
  readonly figures: Figure[] = []
  readonly signal: AbortSignal
  readonly #active = new Set<Fault>()
  readonly #cleanups: (() => Promise<void> | void)[] = []
  #endWorkload: (() => Promise<void>) | undefined

  constructor(lab: Lab, dir: string, signal: AbortSignal) {
    this.lab = lab
    this.dir = dir
    this.signal = signal
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
  claim(claim: string, holds: boolean, evidence: string): void {
    this.claims.push({ claim, holds, evidence })
    this.#say(holds ? 'HOLDS' : 'FAILS', `${claim}. Seen: ${evidence}`)
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

  async waitFor(what: string, budgetMs: number, isSo: () => Promise<boolean>): Promise<number> {
    return waitFor(what, budgetMs, async () => {
      if (this.signal.aborted) throw new Interrupted()
      return isSo()
    })
  }

  /** Starts customers and probe inside the lab's network; returns when every customer has signed in. */
  async startWorkload(options: Partial<WorkloadOptions> = {}): Promise<void> {
    const full: WorkloadOptions = {
      site: this.lab.site,
      run: this.startedAt.toString(36),
      customers: 6,
      probeEveryMs: 20,
      thinkMs: 250,
      ...options
    }
    this.progress(
      `workload: ${full.customers} customers, and GET /whoami each ${full.probeEveryMs} ms, through ${full.site}`
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
      const line = JSON.parse(text) as Line | { ready: true }
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
    await this.#endWorkload?.()
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
    await this.heal(fault)
    const healedAt = Date.now()
    await this.pause(settleMs)
    const until = Date.now()
    const inWindow = this.history.filter(line => line.at + line.ms >= at && line.at <= until)
    const gap = findLongestGap(this.history, at, until)
    const databaseGap = findLongestGap(this.history, at, until, namesDatabaseNode)
    const pause = findLongestPause(this.history, at, until)
    const record: FaultRecord = {
      name: options.under ? `${fault.name}, ${options.under}` : fault.name,
      atMs: at - this.startedAt,
      healingMs: healingAt - this.startedAt,
      healedMs: healedAt - this.startedAt,
      longestGapMs: gap?.ms ?? null,
      gapAtMs: gap ? Math.round(gap.fromMs - this.startedAt) : null,
      longestDatabaseGapMs: databaseGap?.ms ?? null,
      databaseGapAtMs: databaseGap ? Math.round(databaseGap.fromMs - this.startedAt) : null,
      longestPauseMs: pause?.ms ?? null,
      failedProbes: inWindow.filter(line => line.what === 'probe' && line.outcome !== 'ok').length,
      failedRequests: inWindow.filter(line => line.what !== 'probe' && line.outcome !== 'ok').length,
      requests: inWindow.length
    }
    this.faults.push(record)
    this.observe(
      `longest gap ${record.longestGapMs ?? '?'} ms, ${record.longestDatabaseGapMs ?? '?'} ms without a database, a customer waited ${record.longestPauseMs ?? '?'} ms at most; ` +
        `${record.failedProbes} probes and ${record.failedRequests} of the customers' requests failed, of ${record.requests}`
    )
    return record
  }

  async heal(fault: Fault): Promise<void> {
    await fault.heal(this.lab)
    await waitFor(`${fault.name}: healed`, HEALED, () => fault.isHealed(this.lab))
    this.#active.delete(fault)
  }

  /**
   * Captures packets as `host` sees them, from now until the returned function is called, which gives the text lines of
   * tcpdump. Also kept as `NAME.pcap` beside the report, for Wireshark.
   */
  async capture(host: Host, name: string, filter: string): Promise<() => Promise<string[]>> {
    const container = `${this.lab.project}-capture-${name}`
    const file = join(this.dir, `${name}.pcap`)
    const child = spawn(
      'docker',
      [
        'run',
        '--rm',
        '--name',
        container,
        '--network',
        `container:${this.lab.container(host)}`,
        '--entrypoint',
        'tcpdump',
        'carrinho-client',
        '-i',
        'eth0',
        '-U',
        '--immediate-mode',
        '-w',
        '-',
        ...filter.split(' ')
      ],
      { detached: true }
    )
    const out = createWriteStream(file)
    child.stdout.pipe(out)
    const listening = new Promise<void>(resolve => {
      child.stderr.on('data', chunk => String(chunk).includes('listening on') && resolve())
    })
    const ended = new Promise<void>(resolve => out.on('close', resolve))
    const stopCapture = async () => {
      await docker(['kill', '--signal', 'INT', container]).catch(() => undefined)
      await within(5_000, ended)
    }
    this.#cleanups.push(stopCapture)
    if (
      (await within(
        15_000,
        listening.then(() => true)
      )) === undefined
    )
      throw new Error(`the capture on ${host} did not start`)
    return async () => {
      // What was just sent is still on its way through the kernel.
      await sleep(500)
      await stopCapture()
      const text = await docker([
        'run',
        '--rm',
        '--volume',
        `${this.dir}:/capture:ro`,
        '--entrypoint',
        'tcpdump',
        'carrinho-client',
        '-nn',
        '-tt',
        '-r',
        `/capture/${name}.pcap`,
        '-v',
        '-A'
      ])
      // A packet's details and content follow on lines of their own.
      return text.split(/\n(?=\d+\.\d+ )/).map(packet => packet.replace(/\s+/g, ' '))
    }
  }

  /** Ends the workload and heals everything, whatever happened before. Errors are told, not thrown. */
  async cleanUp(): Promise<void> {
    const attempt = async (what: string, act: () => Promise<void> | void) => {
      try {
        await act()
      } catch (error) {
        console.error(`while cleaning up (${what}): ${error instanceof Error ? error.message : error}`)
      }
    }
    for (const fault of this.#active) {
      this.#say('heal', fault.name)
      await attempt(fault.name, () => this.heal(fault))
    }
    if (this.#endWorkload) await attempt('workload', this.#endWorkload)
    for (const cleanup of this.#cleanups) await attempt('capture', cleanup)
  }
}

/** The promise's value, or undefined when it takes longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController()
  try {
    return await Promise.race([promise, sleep(ms, undefined, { signal: timer.signal })])
  } finally {
    timer.abort()
  }
}
