import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { claimNothingBroken } from './common-claims.ts'
import { listenForInterrupt } from './interrupt.ts'
import { Lab } from './lab.ts'
import { beginReport, HOSTS_LOG, writeReport } from './report/files.ts'
import type { Scenario } from './scenario.ts'
import { type RunSettings, Stage } from './stage.ts'

export type Outcome = 'passed' | 'failed' | 'promise broken'

/**
 * Runs one experiment from start to report. Whatever happens, Ctrl-C included, faults are healed and the workload ends;
 * a lab that was not up before is taken down again, unless `keep`.
 * @returns `passed` when everything the scenario claims was seen; `promise broken` when a shopper would have lost something
 */
export async function runScenario(scenario: Scenario, keep: boolean, settings: RunSettings = {}): Promise<Outcome> {
  const lab = new Lab(scenario.number)
  const interrupt = listenForInterrupt({
    first: 'interrupted: healing and cleaning up',
    second: 'ending at once: containers may be left broken; `down` and `up` start afresh'
  })

  console.log(`\nScenario ${scenario.number}: ${scenario.title}\n${scenario.source}\n`)
  const wasUp = await lab.isUp()
  const stage = new Stage(lab, beginReport(scenario.number), interrupt.signal, settings)
  let problem: unknown
  try {
    await lab.up(text => stage.progress(text), interrupt.signal)
    interrupt.signal.throwIfAborted()
    await scenario.run(stage)
  } catch (error) {
    problem = error
  }
  await stage.cleanUp(wasUp || keep)
  if (interrupt.signal.aborted) {
    console.log('\ninterrupted: healed; no report, because half a run proves nothing')
    if (!wasUp && !keep) await lab.down()
    return 'failed'
  }
  if (problem) {
    const text = problem instanceof Error ? problem.message : String(problem)
    stage.claim('the experiment ran to its end', false, text)
    claimNothingBroken(stage)
  }
  const result = writeReport({
    scenario: scenario.number,
    title: scenario.title,
    source: scenario.source,
    startedAtMs: stage.startedAt,
    endedAtMs: Date.now(),
    history: stage.history,
    files: stage.files,
    faults: stage.faults,
    figures: stage.figures,
    tables: stage.tables,
    claims: stage.claims,
    asked: describeSettings(settings),
    machine: describeMachine()
  })
  if (!result.passed) {
    // The lab goes, and what its hosts said with it: of a failure that comes once in fifty runs this is all there will be.
    const log = await lab.logs().catch(error => `no logs: ${error instanceof Error ? error.message : error}`)
    writeFileSync(join(stage.dir, HOSTS_LOG), log)
    stage.progress(`what the hosts said: lab/reports/${scenario.number}/${HOSTS_LOG}`)
  }
  if (!wasUp && !keep) {
    stage.progress('taking the lab down (data kept)')
    await lab.down()
  }
  interrupt.off()
  const held = result.claims.filter(claim => claim.holds).length
  console.log(
    `\n${result.passed ? 'PASSED' : 'FAILED'}: ${held} of ${result.claims.length} claims hold, in ${result.seconds} s. ` +
      `Report: lab/reports/${scenario.number}/report.html\n`
  )
  if (result.passed) return 'passed'
  return result.claims.some(claim => claim.isPromise && !claim.holds) ? 'promise broken' : 'failed'
}

/** What part of an experiment was asked for; empty for the whole. */
const describeSettings = ({ short, times, minutes, only }: RunSettings): string =>
  [
    short && '--short',
    times !== undefined && `--times ${times}`,
    minutes !== undefined && `--minutes ${minutes}`,
    only && `--only "${only}"`
  ]
    .filter(Boolean)
    .join(' ')

const describeMachine = (): string => `${cpus().length} processors, ${Math.round(totalmem() / 2 ** 30)} GB`
