import { median } from '../checker/tally.ts'
import type { Result } from './result.ts'
import { escapeText } from './svg.ts'

const STYLE = `
body{font:16px/1.45 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.yes{color:#00603f;font-weight:600}.no{color:#b00020;font-weight:600}.fine{color:#555}
svg{width:100%;height:auto;border:1px solid #ddd}`

const cell = (value: string | number | null, isNumber = typeof value === 'number' || value === null) =>
  `<td${isNumber ? ' class="n"' : ''}>${value === null ? '–' : escapeText(String(value))}</td>`

const table = (head: string[], rows: (string | number | null)[][]) =>
  `<table><thead><tr>${head.map(text => `<th>${escapeText(text)}</th>`).join('')}</tr></thead><tbody>
${rows.map(row => `<tr>${row.map(value => cell(value)).join('')}</tr>`).join('\n')}
</tbody></table>`

const page = (title: string, body: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeText(title)}</title><style>${STYLE}</style></head><body>
${body}
</body></html>
`

const list = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none'

const claims = (result: Result) =>
  `<table><tbody>${result.claims
    .map(
      ({ claim, holds, evidence }) =>
        `<tr><td class="${holds ? 'yes' : 'no'}">${holds ? '✓ holds' : '✗ fails'}</td><td>${escapeText(claim)}<br><span class="fine">${escapeText(evidence)}</span></td></tr>`
    )
    .join('\n')}</tbody></table>`

const spread = (values: number[]) =>
  values.length > 0 ? [median(values), Math.min(...values), Math.max(...values), values.length] : [null, null, null, 0]

/** One run, opened from the file system: everything is inside. */
export function renderReport(result: Result, timeline: string): string {
  const { requests, ledger, sessions } = result
  return page(
    `Scenario ${result.scenario}: ${result.title}`,
    `<h1>Scenario ${result.scenario}: ${escapeText(result.title)}</h1>
<p class="fine">${escapeText(result.source)} · ${escapeText(result.startedAt)} · ${result.seconds} s ·
<strong class="${result.passed ? 'yes' : 'no'}">${result.passed ? 'every claim holds' : 'a claim fails'}</strong></p>
${(result.tables ?? []).map(({ title, note, head, rows }) => `<h2>${escapeText(title)}</h2>\n${table(head, rows)}\n<p class="fine">${escapeText(note)}</p>`).join('\n')}
<h2>What it claims</h2>
${claims(result)}
<h2>What a probe saw</h2>
${timeline}
${
  result.faults.length > 0
    ? `<h2>Faults</h2>
${table(
  [
    'fault',
    'at, s',
    'healed, s',
    'longest gap, ms',
    'without a database, ms',
    'a customer waited, ms',
    'failed probes',
    "customers' failed requests",
    'requests meanwhile'
  ],
  result.faults.map(fault => [
    fault.name,
    Math.round(fault.atMs / 100) / 10,
    Math.round(fault.healedMs / 100) / 10,
    fault.longestGapMs,
    fault.longestDatabaseGapMs,
    fault.longestPauseMs,
    fault.failedProbes,
    fault.failedRequests,
    fault.requests
  ])
)}`
    : ''
}
${
  result.figures.length > 0
    ? `<h2>Figures</h2>
${table(
  ['figure', 'unit', 'median', 'least', 'most', 'times'],
  result.figures.map(({ name, unit, values }) => [name, unit, ...spread(values)])
)}`
    : ''
}
<h2>The ledger</h2>
${table(
  ['acknowledged', 'present', 'lost', 'duplicated', 'resurrected', 'altered', 'unknown', 'verdict'],
  [
    [
      ledger.acknowledged,
      ledger.present,
      ledger.lost,
      ledger.duplicated,
      ledger.resurrected,
      ledger.altered,
      ledger.unknown,
      ledger.verdict
    ]
  ]
)}
<p class="fine">${escapeText(ledger.evidence.join('; '))}</p>
<h2>Requests, shares, sessions</h2>
${table(
  ['', ''],
  [
    ['requests', `${requests.total}: ${requests.ok} ok, ${requests.failed} failed, ${requests.unknown} unknown`],
    ['by web server', list(result.byServer)],
    ['by database node', list(result.byDatabaseNode)],
    ['by balancer', list(result.byBalancer)],
    [
      'sessions',
      `${sessions.logins} begun, ${sessions.movedBetweenServers} served by more than one web server, ${sessions.repeatedLogins} logins repeated`
    ],
    ['stale reads', `${result.staleReads} of ${result.readsChecked} reads that follow a write of the same customer`]
  ]
)}
<p class="fine">One run on one machine. It says what was tried and what was seen; a run that saw no loss does not show that none can happen.</p>`
  )
}

/** All runs on one page. */
export function renderOverview(runs: readonly { result: Result; timeline: string }[]): string {
  return page(
    'The lab: all scenarios',
    `<h1>The lab: all scenarios</h1>
${renderOverviewTable(runs.map(run => run.result))}
${runs
  .map(
    ({ result, timeline }) => `<h2>${result.scenario} · ${escapeText(result.title)}</h2>
${claims(result)}
${timeline}`
  )
  .join('\n')}`
  )
}

export const OVERVIEW_HEAD = [
  'scenario',
  'passed',
  'longest gap per fault / without a database, ms',
  'acknowledged',
  'lost',
  'twice',
  'came back',
  'stale reads',
  'logins repeated'
]

/** Each kind of fault once, with the medians where it was repeated. */
function describeFaults(result: Result): string {
  const names = [...new Set(result.faults.map(fault => fault.name))]
  return names
    .map(name => {
      const same = result.faults.filter(fault => fault.name === name)
      const middle = (values: (number | null)[]) => {
        const known = values.filter(value => value !== null)
        return known.length > 0 ? Math.round(median(known)) : '–'
      }
      const times = same.length > 1 ? ` (median of ${same.length})` : ''
      return `${name}${times}: ${middle(same.map(fault => fault.longestGapMs))} / ${middle(same.map(fault => fault.longestDatabaseGapMs))}`
    })
    .join('; ')
}

export const overviewRow = (result: Result): (string | number)[] => [
  `${result.scenario} ${result.title}${result.asked ? ` (a part: \`${result.asked}\`)` : ''}`,
  result.passed ? 'yes' : 'NO',
  describeFaults(result) || '–',
  result.ledger.acknowledged,
  result.ledger.lost,
  result.ledger.duplicated,
  result.ledger.resurrected,
  `${result.staleReads} of ${result.readsChecked}`,
  result.sessions.repeatedLogins
]

const renderOverviewTable = (results: readonly Result[]) => table(OVERVIEW_HEAD, results.map(overviewRow))

/** The same for a README: the table, then each scenario's claims and plot, `NN.svg` beside it. */
export function renderMarkdown(results: readonly Result[]): string {
  const row = (cells: (string | number)[]) =>
    `| ${cells.map(value => String(value).replaceAll('|', '\\|')).join(' | ')} |`
  const sections = results.map(
    result => `## ${result.scenario} · ${result.title}

${(result.tables ?? []).map(({ title, note, head, rows: cells }) => `**${title}**\n\n${[row(head), row(head.map(() => '---')), ...cells.map(row)].join('\n')}\n\n${note}\n\n`).join('')}${result.claims.map(({ claim, holds, evidence }) => `- ${holds ? '✓' : '✗ fails:'} ${claim}. *${evidence.trim()}*`).join('\n')}

![Probes of scenario ${result.scenario} by web server and database node](${result.scenario}.svg)
`
  )
  const dates = results.map(result => result.startedAt.slice(0, 10)).sort()
  return `# The lab's experiments, as they ran

Written by \`npm run lab -- report --to docs/lab\` from one run of each, on ${[...new Set(results.map(result => result.machine).filter(Boolean))].join('; ')},
between ${dates[0]} and ${dates.at(-1)}. What was tried and what was seen; no more than that.

${[row(OVERVIEW_HEAD), row(OVERVIEW_HEAD.map(() => '---')), ...results.map(result => row(overviewRow(result)))].join('\n')}

${sections.join('\n')}`
}
