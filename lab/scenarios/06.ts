import { checkShares } from '../checker/shares.ts'
import { countBy } from '../checker/tally.ts'
import { claimNothingLost } from '../common-claims.ts'
import type { Host } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

const REQUESTS = 240
const SERVERS = ['web01', 'web02', 'web03'] as const satisfies Host[]

interface RepeatAnswer {
  status: number
  server: string
  from?: string
}

async function repeat(stage: Stage, count: number, addresses: string[] = []): Promise<RepeatAnswer[]> {
  const command = ['node', '/lab/workload/repeat.ts', `${stage.lab.site}/whoami`, String(count), ...addresses]
  return JSON.parse(await stage.lab.exec('client', command, { timeoutMs: 60_000 })) as RepeatAnswer[]
}

const countServers = (answers: RepeatAnswer[]) => {
  const counts: Record<string, number> = {}
  for (const { server } of answers) counts[server] = (counts[server] ?? 0) + 1
  return counts
}

async function claimShares(stage: Stage, algorithm: string, weights: [number, number, number]): Promise<void> {
  const [WEIGHT1, WEIGHT2, WEIGHT3] = weights.map(String) as [string, string, string]
  await stage.lab.reconfigure({ BALANCE: algorithm, WEIGHT1, WEIGHT2, WEIGHT3 }, ['haproxy01'])
  const answers = await repeat(stage, REQUESTS)
  const verdict = checkShares(countServers(answers), { web01: weights[0], web02: weights[1], web03: weights[2] })
  stage.claim(`${algorithm} with weights ${weights.join(' : ')} shares as configured`, verdict.holds, verdict.evidence)
}

export const scenario: Scenario = {
  number: '06',
  title: 'Three web servers: weights, roundrobin, leastconn and source; draining and returning',
  source: 'The three Apache servers lab (HAProxy)',
  async run(stage) {
    const { lab } = stage
    stage.explain(
      'The page names the server that made it, as the document’s PHP page does: name, address, date and time'
    )
    const pages = await Promise.all(
      SERVERS.map(server => lab.get('/servidor', { accept: 'text/html', host: `${lab.address(server)}:5000` }))
    )
    const [year, , day] = new Date().toISOString().slice(0, 10).split('-')
    // Written as the reader's language has it, so only the parts that all languages share.
    const date = new RegExp(`>[^<]*\\b0?${Number(day)}\\b[^<]*\\b${year}\\b[^<]*<`)
    const named = SERVERS.filter((server, index) => {
      const body = pages[index]?.body ?? ''
      return (
        body.includes(server) &&
        body.includes(lab.address(server)) &&
        date.test(body) &&
        />\d{1,2}:\d\d:\d\d/.test(body)
      )
    })
    stage.claim(
      'each page names its server, address, date and time',
      named.length === 3,
      `/servidor of ${named.join(', ') || 'none'}`
    )

    stage.predict('roundrobin and leastconn follow the weights when requests are alike and one comes after the other')
    await claimShares(stage, 'roundrobin', [1, 1, 1])
    await claimShares(stage, 'roundrobin', [3, 2, 1])
    await claimShares(stage, 'leastconn', [1, 1, 1])

    stage.predict('source: an address always meets the same server; many addresses meet them all')
    await lab.reconfigure({ BALANCE: 'source' }, ['haproxy01'])
    const addresses = Array.from({ length: 30 }, (_, index) => `${lab.net}.${40 + index}`)
    for (const address of addresses) {
      await lab.exec('client', ['ip', 'address', 'replace', `${address}/24`, 'dev', 'eth0'])
    }
    const answers = await repeat(stage, 4, addresses)
    for (const address of addresses)
      await lab.exec('client', ['ip', 'address', 'delete', `${address}/24`, 'dev', 'eth0'])
    const faithful = addresses.filter(
      address => new Set(answers.filter(answer => answer.from === address).map(answer => answer.server)).size === 1
    )
    const met = new Set(answers.map(answer => answer.server))
    stage.claim(
      'source keeps a client on one server',
      faithful.length === addresses.length && met.size === 3,
      `${faithful.length} of ${addresses.length} addresses met one server in 4 requests; together they met ${[...met].sort().join(', ')}`
    )

    stage.explain(
      'Back to roundrobin, with customers at work. Each server is drained through the administration socket and returned'
    )
    await lab.reconfigure({ BALANCE: 'roundrobin' }, ['haproxy01'])
    await stage.startWorkload()
    await stage.pause(2_000)
    for (const server of SERVERS) {
      stage.predict(
        `${server} finishes what it has and gets nothing new; its customers stay signed in, because sessions are in the database`
      )
      await lab.exec('haproxy01', ['haproxy-admin', `set server http_back/${server} state drain`])
      // What was sent to it before is answered within this.
      await stage.pause(500)
      const from = Date.now()
      await stage.pause(3_500)
      const drained = stage.history.filter(line => line.at > from)
      await lab.exec('haproxy01', ['haproxy-admin', `set server http_back/${server} state ready`])
      const returnedAt = Date.now()
      await stage.pause(2_000)
      const after = countBy(
        stage.history.filter(line => line.at > returnedAt),
        'server'
      )
      const bad = drained.filter(line => line.outcome !== 'ok').length
      const during = countBy(drained, 'server')
      stage.claim(
        `${server}, drained, gets nothing new, nobody notices, and it gets its share again when it returns`,
        (during[server] ?? 0) === 0 && drained.length > 50 && bad === 0 && (after[server] ?? 0) > 0,
        `${drained.length} requests meanwhile, ${during[server] ?? 0} to it, ${bad} failed; ${after[server] ?? 0} after its return`
      )
    }
    const statistics = await lab.get('/haproxy_stats', {
      accept: 'text/html',
      host: `admin:haproxy@${lab.net}.${lab.siteOctet}`
    })
    stage.claim(
      'the statistics are at /haproxy_stats',
      statistics.status === 200 && SERVERS.every(server => statistics.body.includes(server)),
      `status ${statistics.status}, user admin`
    )
    await stage.stopWorkload()
    claimNothingLost(stage)
  }
}
