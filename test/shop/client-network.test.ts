import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clientNetwork } from '../../src/features/accounts/client-network.ts'

test('an IPv4 address is counted as it is, in whatever clothes it comes', () => {
  for (const address of [
    '192.0.2.7',
    '::ffff:192.0.2.7',
    '::FFFF:192.0.2.7',
    '::ffff:c000:207',
    '0:0:0:0:0:ffff:192.0.2.7',
    '64:ff9b::192.0.2.7',
    '64:ff9b::c000:207'
  ]) {
    assert.equal(clientNetwork(address), '192.0.2.7', address)
  }
  assert.notEqual(clientNetwork('::ffff:192.0.2.7'), clientNetwork('::ffff:192.0.2.8'))
})

test('all addresses of one /64 are one, however they are written', () => {
  const network = clientNetwork('2001:db8:0:1::1')
  for (const address of [
    '2001:db8:0:1:ffff:ffff:ffff:ffff',
    '2001:0DB8:0000:0001:0000:0000:0000:0002',
    '2001:db8:0:1::192.0.2.1',
    '2001:db8:0:1:2:3:4:5'
  ]) {
    assert.equal(clientNetwork(address), network, address)
  }
  assert.notEqual(clientNetwork('2001:db8:0:2::1'), network)
  assert.notEqual(clientNetwork('2001:db8:1:1::1'), network)
  assert.equal(clientNetwork('fe80::1%eth0'), clientNetwork('fe80::2'))
})

test('whatever the last half of an IPv6 address is, its network is the same, and no other first half has it', () => {
  const group = fc.integer({ min: 0, max: 0xffff })
  const half = fc.tuple(group, group, group, group)
  const write = (groups: number[]) => groups.map(each => each.toString(16)).join(':')
  fc.assert(
    fc.property(half, half, half, (first, one, other) => {
      fc.pre(first.some(each => each !== 0) && !(first[0] === 0x64 && first[1] === 0xff9b))
      const network = clientNetwork(write([...first, ...one]))
      assert.equal(clientNetwork(write([...first, ...other])), network)
      const [last = 0] = first.slice(-1)
      const beside = [...first.slice(0, 3), last ^ 1]
      assert.notEqual(clientNetwork(write([...beside, ...one])), network)
    })
  )
})

test('what is no address is counted as it is, without an error', () => {
  for (const text of ['', 'unknown', '1.2.3', '::g', '[::1]', '1.2.3.4:5']) assert.equal(clientNetwork(text), text)
})
