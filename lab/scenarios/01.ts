import { claimNothingLost, claimTotalOutage } from '../common-claims.ts'
import { kill } from '../faults/index.ts'
import type { Scenario } from '../scenario.ts'

const REQUESTS = 20

export const scenario: Scenario = {
  number: '01',
  title: 'One HAProxy, two web servers, one database: round robin, and two single points of failure',
  source: 'Report, experiment 1',
  async run(stage) {
    const { lab } = stage
    stage.explain(
      `client → haproxy01 (${lab.address('haproxy01')}) → web01|02 → mariadb01 (${lab.address('mariadb01')})`
    )

    stage.predict('Round robin: the web servers answer by turns, one request each')
    const stopCapture = await stage.capture('haproxy01', 'request', `tcp and (port 80 or port 5000) and greater 100`)
    let answers: { status: number; server: string }[] = []
    let names: string[] = []
    let byTurns = false
    // Anybody else's request, such as the client's own health check, takes a turn too.
    for (let tries = 0; tries < 3 && !byTurns; tries += 1) {
      const command = ['node', '/lab/workload/repeat.ts', `${lab.site}/whoami`, String(REQUESTS)]
      answers = JSON.parse(await lab.exec('client', command))
      names = answers.map(answer => answer.server)
      byTurns = names.every((name, index) => index === 0 || name !== names[index - 1])
    }
    const packets = await stopCapture()
    stage.claim(
      'answers alternate between web01 and web02, one by one',
      byTurns &&
        new Set(names).size === 2 &&
        answers.length === REQUESTS &&
        answers.every(answer => answer.status === 200),
      names.join(' ')
    )

    const [client, balancer] = [lab.address('client'), lab.address('haproxy01')]
    // Each looked for after the one before: a health check may come first, and looks the same from behind.
    let from = 0
    const find = (pattern: RegExp) => {
      const index = packets.findIndex((line, at) => at >= from && pattern.test(line))
      from = index >= 0 ? index + 1 : packets.length
      return index
    }
    const asked = find(new RegExp(`${quote(client)}\\.\\d+ > ${quote(balancer)}\\.80: .*GET /whoami`))
    const passedOn = find(new RegExp(`${quote(balancer)}\\.\\d+ > ${quote(lab.net)}\\.18[01]\\.5000: .*GET /whoami`))
    const answered = find(new RegExp(`${quote(lab.net)}\\.18[01]\\.5000 > ${quote(balancer)}\\.\\d+: .*200 OK`))
    const returned = find(new RegExp(`${quote(balancer)}\\.80 > ${quote(client)}\\.\\d+: .*200 OK`))
    stage.claim(
      'the capture on haproxy01 shows the request twice: from the client, and passed on to a web server; and the answer on its way back',
      [asked, passedOn, answered, returned].every(index => index >= 0),
      `packets ${[asked, passedOn, answered, returned].map(index => index + 1).join(', ')} of ${packets.length} in request.pcap`
    )

    await stage.startWorkload()
    await stage.pause(3_000)
    stage.predict('haproxy01 is the only way in: nobody gets an answer until it is back')
    const withoutBalancer = await stage.break(kill('haproxy01'), {
      why: 'No other host takes its address: the outage lasts until haproxy01 has been switched on and HAProxy runs again'
    })
    claimTotalOutage(stage, withoutBalancer)
    stage.predict('mariadb01 is the only database: the web servers answer, but with an apology instead of a list')
    const withoutDatabase = await stage.break(kill('mariadb01'), {
      holdMs: 8_000,
      why: 'The web servers are well and answer, but no other host has the data: the outage lasts until mariadb01 has started and recovered, and they are connected to it again'
    })
    claimTotalOutage(stage, withoutDatabase)
    await stage.stopWorkload()
    await claimNothingLost(stage)
  }
}

const quote = (text: string) => text.replaceAll('.', '\\.')
