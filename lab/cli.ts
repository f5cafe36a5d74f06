import { relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { faultKinds, parseFault } from './faults/index.ts'
import { listenForInterrupt } from './interrupt.ts'
import { Lab, ROOT_DIR } from './lab.ts'
import { isHost } from './network.ts'
import { publishRuns, rewriteReport, writeOverview } from './report/files.ts'
import { runScenario } from './run.ts'
import { findScenario, scenarios } from './scenarios/index.ts'

const USAGE = `npm run lab -- COMMAND

  list                       the scenarios
  up NN                      starts scenario NN and waits until its site is ready
  run NN [--keep]            runs the experiment and writes its report; what it started it takes down again, unless --keep
                             --times N: how often nothing-lost and 09 repeat each fault; --short: once, those with a figure;
                             --only TEXT: those whose name holds it; --minutes N: how long soak lasts
  down [--data]              takes the lab down; with --data its databases are emptied too
  report [NN] [--to FOLDER]  draws the report of the last run of NN again; without NN, all runs on one page, or as a
                             Markdown page with its plots in a folder
  break FAULT [HOST…] [--for SECONDS] [--in NN]
                             breaks hosts of the running lab and heals them: ${faultKinds.join(', ')}

  LAB_NET=192.168.1          other addresses, for a second lab or the report's own
  LAB_PORT, LAB_STATS_PORT   other ports on this computer than 8080 and 9999
  LAB_TIME_FACTOR=2          more patience on a slow machine`

function takeOption(args: string[], name: string): string | undefined {
  const at = args.indexOf(name)
  if (at === -1) return undefined
  return args.splice(at, 2)[1]
}

function takeNumber(args: string[], name: string, max: number): number | undefined {
  const text = takeOption(args, name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (!(Number.isInteger(value) && value >= 1 && value <= max)) throw new Error(`${name}: expects 1 to ${max}`)
  return value
}

function takeFlag(args: string[], name: string): boolean {
  const at = args.indexOf(name)
  if (at !== -1) args.splice(at, 1)
  return at !== -1
}

/** A broken promise has a code of its own: whoever runs this again because machines are busy must not run that again. */
const EXIT_CODES = { passed: 0, failed: 1, 'promise broken': 3 } as const

const say = (text: string) => console.log(`  ${text}`)

async function breakIt(args: string[]): Promise<void> {
  const seconds = Number(takeOption(args, '--for') ?? 10)
  const asked = takeOption(args, '--in')
  const lab = asked ? new Lab(findScenario(asked).number) : await Lab.findRunning(scenarios.map(({ number }) => number))
  if (!lab) throw new Error('no lab is up: `npm run lab -- up 04` starts one')
  if (!(seconds >= 0 && seconds <= 600)) throw new Error('--for: expects seconds, at most 600')
  const [kind = '', ...hosts] = args
  const fault = parseFault(kind, hosts)
  const absent = hosts.filter(host => isHost(host) && !lab.hosts.includes(host))
  if (absent.length > 0) throw new Error(`scenario ${lab.scenario} has no ${absent.join(', ')}`)
  console.log(`${fault.name}, for ${seconds} s (Ctrl-C heals at once)`)
  const interrupt = listenForInterrupt({ first: 'healing', second: 'not healed: `down` and `up` start afresh' })
  try {
    await fault.inject(lab)
    await sleep(seconds * 1000, undefined, { signal: interrupt.signal }).catch(() => undefined)
  } finally {
    await fault.heal(lab)
  }
  for (let tries = 0; !(await fault.isHealed(lab)); tries += 1) {
    if (tries === 60) throw new Error('healed, but not in service within a minute')
    await new Promise(resolve => setTimeout(resolve, 1000))
  }
  console.log('healed')
}

async function up(lab: Lab): Promise<number> {
  const interrupt = listenForInterrupt({ first: 'taking down what was started', second: 'ending at once' })
  try {
    await lab.up(say, interrupt.signal)
  } catch (error) {
    if (!interrupt.signal.aborted) throw error
  }
  if (interrupt.signal.aborted) {
    await lab.down()
    return 130
  }
  if (!lab.hosts.includes('door')) return 0
  const { LAB_PORT = '8080', LAB_STATS_PORT = '9999' } = process.env
  say(`the site: http://localhost:${LAB_PORT}`)
  if (lab.hosts.includes('haproxy01')) say(`statistics: http://localhost:${LAB_STATS_PORT}/stats (haproxy, haproxy)`)
  return 0
}

/** The process's exit code. */
async function main([command = '', ...args]: string[]): Promise<number> {
  const keep = takeFlag(args, '--keep')
  const withData = takeFlag(args, '--data')
  const folder = takeOption(args, '--to')
  const settings = {
    times: takeNumber(args, '--times', 50),
    minutes: takeNumber(args, '--minutes', 240),
    short: takeFlag(args, '--short'),
    only: takeOption(args, '--only')
  }
  switch (command) {
    case 'list':
      for (const { number, title, source } of scenarios) console.log(`${number}  ${title}\n    ${source}`)
      return 0
    case 'up':
      return up(new Lab(findScenario(args[0]).number))
    case 'run':
      return EXIT_CODES[await runScenario(findScenario(args[0]), keep, settings)]
    case 'down':
      await new Lab('04').down(withData)
      return 0
    case 'report':
      say(
        relative(
          ROOT_DIR,
          folder ? publishRuns(folder) : args[0] ? rewriteReport(findScenario(args[0]).number) : writeOverview()
        )
      )
      return 0
    case 'break':
      await breakIt(args)
      return 0
    default:
      console.error(USAGE)
      return 2
  }
}

// A reader that leaves early, as `| head` does, must not end a run before it has healed.
process.stdout.on('error', () => undefined)

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
