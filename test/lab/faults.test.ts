import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultKinds, parseFault } from '../../lab/faults/index.ts'

test('a fault is asked for by its name and its hosts', () => {
  assert.equal(parseFault('kill', ['web01', 'web02']).name, 'kill -9 of web01 and web02')
  assert.equal(parseFault('stop-keepalived', ['haproxy01']).name, 'keepalived stopped on haproxy01')
  assert.equal(parseFault('power-cut', []).name, 'power cut of everything')
})

test('what is wrong with the asking is said', () => {
  assert.throws(() => parseFault('explode', ['web01']), /no fault "explode"; there are .*kill.*power-cut/)
  assert.throws(() => parseFault('constructor', ['web01']), /no fault/)
  assert.throws(() => parseFault('kill', []), /kill takes one or more hosts/)
  assert.throws(() => parseFault('kill', ['web01', 'web09']), /kill takes one or more hosts/)
  assert.throws(() => parseFault('power-cut', ['web01']), /power-cut takes no host/)
  assert.throws(() => parseFault('stop-keepalived', ['haproxy01', 'haproxy02']), /takes one host/)
  assert.throws(() => parseFault('slow-database', ['pgpool01']), /slow-database is not for pgpool01/)
  assert.throws(() => parseFault('lose-database', ['haproxy01']), /lose-database is not for haproxy01/)
  assert.throws(() => parseFault('switch-release', ['gluster01']), /switch-release is not for gluster01/)
  assert.throws(() => parseFault('stop-haproxy', ['web01']), /stop-haproxy is not for web01/)
})

test('there is a fault for each way of dying that the lab promises', () => {
  for (const kind of [
    'kill',
    'stop',
    'freeze',
    'cut',
    'rolling',
    'next-release',
    'next-release-server-first',
    'switch-release',
    'crash-haproxy',
    'lose-database',
    'stop-keepalived',
    'power-cut',
    'slow-database',
    'full-connections',
    'lose-quorum',
    'old-survivor'
  ])
    assert.ok(faultKinds.includes(kind), kind)
})
