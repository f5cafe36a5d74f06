import proxyAddr from '@fastify/proxy-addr'
import type { Config } from '../config/config.ts'

const REMEMBERED = 1000

/** Whether an address is that of a balancer in TRUST_PROXY. */
export function balancerTest({ trustProxy }: Pick<Config, 'trustProxy'>): (address: string) => boolean {
  if (trustProxy.length === 0) return () => false
  const isTrusted = proxyAddr.compile(trustProxy)
  const known = new Map<string, boolean>()
  return address => {
    let answer = known.get(address)
    if (answer === undefined) {
      answer = isTrusted(address, 0)
      if (known.size < REMEMBERED) known.set(address, answer)
    }
    return answer
  }
}
