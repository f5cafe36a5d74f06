import { isIPv4, isIPv6 } from 'node:net'

/**
 * What is counted for an address: an IPv4 address as it is, of an IPv6 address the /64, as whoever has one of its
 * addresses has them all. An IPv4 address in IPv6's clothes (`::ffff:192.0.2.1`, or behind a translator
 * `64:ff9b::192.0.2.1`) is that IPv4 address: all of them share one /64.
 */
export function clientNetwork(address: string): string {
  if (isIPv4(address)) return address
  const bare = address.replace(/%.*$/, '')
  if (!isIPv6(bare)) return address
  const groups = groupsOf(bare)
  const prefix = groups.slice(0, 6).join(':')
  if (prefix === '0:0:0:0:0:ffff' || prefix === '64:ff9b:0:0:0:0') {
    return groups
      .slice(6)
      .flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
      .join('.')
  }
  return `${groups.slice(0, 4).join(':')}::/64`
}

/** The eight groups, in lower case and without leading zeros. */
function groupsOf(address: string): string[] {
  // The URL parser writes every form of an address in one, with an IPv4 ending as two groups.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail ? tail.split(':') : []
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
}
