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

type Shares = [number, number, number]

/** Requests one after the other. @param shares what is expected of them, where it is not as the weights say */
async function claimShares(stage: Stage, algorithm: string, weights: Shares, shares = weights): Promise<void> {
  const [WEIGHT1, WEIGHT2, WEIGHT3] = weights.map(String) as [string, string, string]
  await stage.reconfigure({ BALANCE: algorithm, WEIGHT1, WEIGHT2, WEIGHT3 }, ['haproxy01'])
  const answers = await repeat(stage, REQUESTS)
  const verdict = checkShares(countServers(answers), { web01: shares[0], web02: shares[1], web03: shares[2] })
  const expected = shares === weights ? 'as configured' : 'evenly while one request comes after the other'
  stage.claim(`${algorithm} with weights ${weights.join(' : ')} shares ${expected}`, verdict.holds, verdict.evidence)
}

/** Gives the client's machine the addresses, or takes them away. @throws when one of them could not be */
async function setAddresses(stage: Stage, action: 'replace' | 'delete', addresses: string[]): Promise<void> {
  const commands = addresses.map(address => `ip address ${action} ${address}/24 dev eth0 || exit 1`)
  await stage.lab.exec('client', ['sh', '-c', commands.join('\n')])
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

    stage.predict(
      'roundrobin follows the weights. leastconn asks first who has the fewest connections: one request after the other, all are idle and take turns'
    )
    await claimShares(stage, 'roundrobin', [1, 1, 1])
    await claimShares(stage, 'roundrobin', [3, 2, 1])
    await claimShares(stage, 'leastconn', [1, 1, 1])
    await claimShares(stage, 'leastconn', [3, 2, 1], [1, 1, 1])
    stage.explain(
      'leastconn weighs the connections that a server has at the moment, and nothing weighs nothing: its weights tell when requests overlap'
    )

    stage.predict('source: an address always meets the same server; many addresses meet them all')
    await stage.reconfigure({ BALANCE: 'source' }, ['haproxy01'])
    const addresses = Array.from({ length: 30 }, (_, index) => `${lab.net}.${40 + index}`)
    let areGone = false
    stage.undoAtEnd("the client's addresses", async () => {
      if (!areGone) await setAddresses(stage, 'delete', addresses)
    })
    await setAddresses(stage, 'replace', addresses)
    const answers = await repeat(stage, 4, addresses)
    await setAddresses(stage, 'delete', addresses)
    areGone = true
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
      'The address is hashed: the same one always gives the same server, as long as the same servers are there. How many customers are behind it does not count'
    )

    stage.explain(
      'Back to roundrobin, with customers at work. Each server is drained through the administration socket and returned'
    )
    await stage.reconfigure({ BALANCE: 'roundrobin' }, ['haproxy01'])
    const setState = async (server: Host, state: 'drain' | 'ready') =>
      void (await lab.exec('haproxy01', ['haproxy-admin', `set server http_back/${server} state ${state}`]))
    stage.undoAtEnd('drained servers', async () => {
      for (const server of SERVERS) await setState(server, 'ready')
    })
    await stage.startWorkload()
    await stage.pause(2_000)
    for (const server of SERVERS) {
      stage.predict(
        `${server} finishes what it has and gets nothing new; its customers stay signed in, because sessions are in the database`
      )
      await setState(server, 'drain')
      // What was sent to it before is answered within this.
      await stage.pause(500)
      const from = Date.now()
      await stage.pause(3_500)
      const drained = stage.history.filter(line => line.at > from)
      await setState(server, 'ready')
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
    stage.explain(
      'A drained server is still asked whether it is well and finishes what it has; only new requests go elsewhere. A killed one would take with it what it was doing'
    )
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
    await claimNothingLost(stage)
  }
}
