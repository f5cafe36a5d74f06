import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { promisify } from 'node:util'

// The scripts that decide who may form a Galera cluster, asked with the answers of nodes that the test makes up: what must never
// happen cannot be waited for in the lab.

const SCRIPTS = resolve('lab/images/mariadb')
const [ME, OTHER, ARBITRATOR] = ['10.0.0.1', '10.0.0.2', '10.0.0.9']
const HISTORY = '11111111-1111-1111-1111-111111111111'

let dir: string
let server: ChildProcess

/** What a node's agent says; `undefined` takes a line away. */
type Answer = Record<string, string | number | undefined>
const running = (status: string, state: number, seqno: number, more: Answer = {}): Answer => ({
  phase: 'running',
  wsrep_cluster_status: status,
  wsrep_local_state: state,
  seqno,
  uuid: HISTORY,
  ...more
})
const outOfQuorum = (seqno: number, more: Answer = {}) => running('non-Primary', 0, seqno, more)
const serving = (seqno: number) => running('Primary', 4, seqno)
const lobby = (seqno: number, more: Answer = {}): Answer => ({ phase: 'lobby', uuid: HISTORY, seqno, ...more })
const joining = (seqno: number, more: Answer = {}): Answer => ({ phase: 'joining', uuid: HISTORY, seqno, ...more })

function answer(host: string, lines: Answer | undefined): void {
  if (!lines) return
  const text = Object.entries(lines).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}\n`]))
  writeFileSync(join(dir, `answer-${host}`), text.join(''))
}

function command(name: string, script: string): void {
  writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(dir, name), 0o755)
}

const environment = () => ({
  PATH: `${dir}:${SCRIPTS}:/usr/bin:/bin`,
  RUN_DIR: dir,
  OUT_OF_QUORUM: '2',
  JOINING: '4',
  GALERA_ADDRESS: ME,
  GALERA_NODES: `${ME} ${OTHER}`,
  GALERA_ARBITRATOR: ARBITRATOR
})

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'quorum-'))
  // Who has no answer does not answer.
  command('ask', `cat "${dir}/answer-$1" 2>/dev/null`)
  command('mariadb', `echo "$*" >>"${dir}/statements"`)
  // A second passes at once, and the script ends after so many.
  command('sleep', `echo >>"${dir}/seconds"; [ $(wc -l <"${dir}/seconds") -le 7 ] && [ ! -e "${dir}/statements" ]`)
  server = spawn('/bin/sleep', ['60'])
})

afterEach(() => {
  server.kill('SIGKILL')
  rmSync(dir, { recursive: true })
})

interface Situation {
  me: Answer
  other?: Answer
  arbitrator?: Answer
}

/** @returns what it did to this node's server in seven seconds in which nothing else changed, with its patience at two and four */
async function watch({ me, other, arbitrator }: Situation): Promise<'nothing' | 'forms' | 'lobby'> {
  answer('127.0.0.1', me)
  answer(OTHER, other)
  answer(ARBITRATOR, arbitrator)
  const ended = server.exitCode !== null ? Promise.resolve() : once(server, 'exit')
  const script = execFile('sh', [join(SCRIPTS, 'restore-quorum'), String(server.pid)], { env: environment() })
  await once(script, 'exit')
  const read = (name: string) => {
    try {
      return readFileSync(join(dir, name), 'utf8')
    } catch {
      return ''
    }
  }
  if (read('phase') === 'phase=leaving\n') {
    await ended
    return 'lobby'
  }
  assert.equal(server.signalCode, null, 'the server was ended, and nobody was told')
  return read('statements').includes('wsrep_provider_pc_bootstrap = on') ? 'forms' : 'nothing'
}

const waiting: Answer = { phase: 'waiting' }

test('out of quorum, nobody has more: forms the cluster', async () => {
  assert.equal(await watch({ me: outOfQuorum(20), other: joining(20), arbitrator: waiting }), 'forms')
})

test('out of quorum, the other is empty: forms the cluster', async () => {
  const other = lobby(-1, { uuid: '00000000-0000-0000-0000-000000000000' })
  assert.equal(await watch({ me: outOfQuorum(20), other, arbitrator: waiting }), 'forms')
})

test('out of quorum, and an arbitrator that is away altogether stores nothing', async () => {
  assert.equal(await watch({ me: outOfQuorum(20), other: outOfQuorum(20) }), 'forms')
})

test('out of quorum, the one that waits has more: makes way', async () => {
  assert.equal(await watch({ me: outOfQuorum(20), other: lobby(21), arbitrator: waiting }), 'lobby')
})

test('a joiner with nobody to join goes back', async () => {
  assert.equal(await watch({ me: joining(20), other: lobby(25), arbitrator: waiting }), 'lobby')
})

test('Primary with nothing, and without a donor, goes back', async () => {
  assert.equal(await watch({ me: running('Primary', 1, 20), other: lobby(25), arbitrator: waiting }), 'lobby')
})

test('thrown out of the group: goes back, whatever the others do', async () => {
  assert.equal(await watch({ me: running('Disconnected', 0, 20), other: serving(30) }), 'lobby')
})

const patient: Record<string, Situation> = {
  'it serves': { me: serving(20), other: lobby(25), arbitrator: waiting },
  'it gives a copy to another': { me: running('Primary', 2, 20), other: joining(-1), arbitrator: waiting },
  'the other does not answer': { me: outOfQuorum(20), arbitrator: waiting },
  'the other serves': { me: outOfQuorum(20), other: serving(30), arbitrator: waiting },
  'the other hangs': { me: outOfQuorum(20), other: { phase: 'silent' }, arbitrator: waiting },
  'the other starts': { me: outOfQuorum(20), other: { phase: 'starting' }, arbitrator: waiting },
  'the other forms the cluster': { me: outOfQuorum(20), other: joining(20, { forms: 'yes' }), arbitrator: waiting },
  'it forms the cluster itself': { me: joining(20, { forms: 'yes' }), other: lobby(20), arbitrator: waiting },
  'the arbitrator still votes': { me: outOfQuorum(20), other: lobby(20), arbitrator: { phase: 'running' } },
  'the other has another history': {
    me: outOfQuorum(20),
    other: lobby(30, { uuid: '22222222-2222-2222-2222-222222222222' }),
    arbitrator: waiting
  },
  'the other runs and has more': { me: outOfQuorum(20), other: outOfQuorum(21), arbitrator: waiting },
  'it joins one that serves': { me: joining(20), other: serving(30), arbitrator: { phase: 'running' } },
  'it is being stopped': { me: outOfQuorum(20, { phase: 'leaving' }), other: lobby(20), arbitrator: waiting }
}

for (const [when, situation] of Object.entries(patient))
  test(`nothing is done while ${when}`, async () => assert.equal(await watch(situation), 'nothing'))

/** @returns what a node in the lobby decides */
async function decide(position: { seqno: number; safe?: 0 | 1 }, other?: Answer, arbitrator?: Answer): Promise<string> {
  answer(OTHER, other)
  answer(ARBITRATOR, arbitrator)
  const { seqno, safe = 0 } = position
  const { stdout } = await promisify(execFile)('sh', [join(SCRIPTS, 'decide'), HISTORY, String(seqno), String(safe)], {
    env: environment()
  })
  return stdout.trim().replace(/:.*/, '')
}

test('in the lobby: who serves, or forms the cluster, is joined', async () => {
  assert.equal(await decide({ seqno: 20 }, serving(30)), 'join')
  assert.equal(await decide({ seqno: 20 }, running('Primary', 2, 30)), 'join')
  assert.equal(await decide({ seqno: 20 }, joining(30, { forms: 'yes' })), 'join')
  assert.equal(await decide({ seqno: 20 }, outOfQuorum(20)), 'join', 'Galera may form anew with us')
})

test('in the lobby: the one with most forms the cluster, of equals the first', async () => {
  assert.equal(await decide({ seqno: 21 }, lobby(20), waiting), 'bootstrap')
  assert.equal(await decide({ seqno: 20 }, lobby(20), waiting), 'bootstrap')
  assert.equal(await decide({ seqno: 20 }, lobby(21), waiting), 'wait')
})

test('in the lobby: waits while it cannot be known who has most', async () => {
  assert.equal(await decide({ seqno: 20 }), 'wait', 'no answer')
  rmSync(join(dir, `answer-${OTHER}`), { force: true })
  assert.equal(await decide({ seqno: 20, safe: 1 }), 'bootstrap', 'it left last')
  for (const other of [
    outOfQuorum(19),
    joining(30),
    running('Primary', 1, 30),
    { phase: 'silent' },
    { phase: 'starting' }
  ])
    for (const safe of [0, 1] as const)
      assert.equal(await decide({ seqno: 20, safe }, other), 'wait', JSON.stringify(other))
  assert.equal(await decide({ seqno: 20 }, lobby(20), { phase: 'running' }), 'wait', 'the arbitrator still votes')
  assert.equal(await decide({ seqno: 20 }, lobby(30, { uuid: '2-2' }), waiting), 'wait', 'another history')
})
