import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LAB_DIR, Lab } from '../lab.ts'
import type { Line } from '../workload/history.ts'
import type { FileLine } from '../workload/storage.ts'
import { renderMarkdown, renderOverview, renderReport } from './html.ts'
import { type Result, type RunFacts, summarize } from './result.ts'
import { drawTimeline } from './timeline.ts'

/** Of a run that failed: what its hosts said. */
export const HOSTS_LOG = 'hosts.log'
/** Of a scenario with shared storage: each file written or read. */
const FILES = 'files.jsonl'
const REPORTS_DIR = join(LAB_DIR, 'reports')

/** A lab with a name of its own (LAB_NET, LAB_NAME) keeps its reports apart. */
function reportsDir(): string {
  const { project } = new Lab('04')
  return join(REPORTS_DIR, project === 'carrinho' ? '' : project)
}

function reportDir(scenario: string): string {
  const dir = join(reportsDir(), scenario)
  mkdirSync(dir, { recursive: true })
  return dir
}

/** The folder for a run's report, without that of the run before: half a run must not be taken for a whole one. */
export function beginReport(scenario: string): string {
  const dir = reportDir(scenario)
  for (const name of ['result.json', 'timeline.svg', 'report.html', 'history.jsonl', FILES, HOSTS_LOG]) {
    rmSync(join(dir, name), { force: true })
  }
  return dir
}

export function writeReport(facts: RunFacts): Result {
  const dir = reportDir(facts.scenario)
  const result = summarize(facts)
  const timeline = drawTimeline(facts.history, facts.startedAtMs, facts.faults, facts.files)
  writeFileSync(join(dir, 'result.json'), `${JSON.stringify(result, undefined, 2)}\n`)
  writeFileSync(join(dir, 'timeline.svg'), timeline)
  writeFileSync(join(dir, 'report.html'), renderReport(result, timeline))
  if (facts.files.length > 0)
    writeFileSync(join(dir, FILES), facts.files.map(line => `${JSON.stringify(line)}\n`).join(''))
  return result
}

/** Draws an earlier run's report again from its history. @throws when there is none */
export function rewriteReport(scenario: string): string {
  const dir = reportDir(scenario)
  const result = readResult(scenario)
  const history = readLines<Line>(join(dir, 'history.jsonl'))
  const files = existsSync(join(dir, FILES)) ? readLines<FileLine>(join(dir, FILES)) : []
  const startedAtMs = Date.parse(result.startedAt)
  writeReport({
    ...result,
    tables: result.tables ?? [],
    asked: result.asked ?? '',
    machine: result.machine ?? '',
    history,
    files,
    startedAtMs,
    endedAtMs: startedAtMs + result.seconds * 1000
  })
  return join(dir, 'report.html')
}

const readLines = <T>(file: string): T[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(text => JSON.parse(text) as T)

interface Run {
  result: Result
  timeline: string
}

/** The last run of each scenario. @throws when there is none */
function readRuns(): Run[] {
  const names = existsSync(reportsDir()) ? readdirSync(reportsDir()).sort() : []
  const runs = names
    .filter(name => existsSync(join(reportsDir(), name, 'result.json')))
    .map(name => ({
      result: readResult(name),
      timeline: readFileSync(join(reportsDir(), name, 'timeline.svg'), 'utf8')
    }))
  if (runs.length === 0) throw new Error('no scenario has been run yet')
  return runs
}

/** Every run's table and plot on one page; returns its file. */
export function writeOverview(): string {
  const file = join(reportsDir(), 'index.html')
  writeFileSync(file, renderOverview(readRuns()))
  return file
}

/** The plots and the table, without the raw histories, for the documentation; returns the page's file. */
export function publishRuns(dir: string): string {
  const runs = readRuns()
  mkdirSync(dir, { recursive: true })
  for (const { result } of runs) {
    copyFileSync(join(reportsDir(), result.scenario, 'timeline.svg'), join(dir, `${result.scenario}.svg`))
  }
  const file = join(dir, 'README.md')
  writeFileSync(file, renderMarkdown(runs.map(run => run.result)))
  return file
}

function readResult(scenario: string): Result {
  const file = join(reportDir(scenario), 'result.json')
  if (!existsSync(file)) throw new Error(`scenario ${scenario} has not been run yet`)
  return JSON.parse(readFileSync(file, 'utf8')) as Result
}
