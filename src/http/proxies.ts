import type { IncomingHttpHeaders } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'

type Trust = (address: string, hop: number) => boolean

/**
 * What trusted balancers say of the client, in whichever of the usual ways, put into the one that Fastify reads: of lists
 * the entry that counts, of `Forwarded` the same, of addresses no ports. From then on `request.ip`, `.host` and
 * `.protocol` are the client's.
 */
export function proxies(app: FastifyInstance, { config }: { config: Config }): void {
  if (config.trustProxy.length === 0) return
  const isTrusted = proxyAddr.compile(config.trustProxy)
  app.addHook('onRequest', (request, _reply, done) => {
    if (isTrusted(request.socket.remoteAddress ?? '', 0)) settle(request.raw.headers, isTrusted)
    done()
  })
}

function settle(headers: IncomingHttpHeaders, isTrusted: Trust): void {
  const told = readForwardedFor(headers) ?? readForwarded(headers)
  if (!told) return
  // The one before the last wrote the last entry; an entry counts while whoever wrote it is trusted, nearest first.
  const { addresses } = told
  let farthest = Math.max(addresses.length - 1, 0)
  while (farthest > 0 && isTrusted(addresses[farthest] ?? '', 0)) farthest -= 1
  // A list with an entry for each address is read like theirs. Otherwise only its first tells what the browser used.
  const pick = (list: string[]) => (list.length === addresses.length ? list[farthest] : list[0])

  const protocol = pick(told.protocols)?.toLowerCase()
  const host = pick(told.hosts)
  const port = pick(told.ports)
  const isPort = port !== undefined && /^\d{1,5}$/.test(port) && port !== '80' && port !== '443'
  const name = host ?? headers.host
  put(headers, 'x-forwarded-for', addresses.length > 0 ? addresses.join(', ') : undefined)
  put(headers, 'x-forwarded-proto', protocol === 'https' || protocol === 'http' ? protocol : undefined)
  put(headers, 'x-forwarded-host', isPort && name && !/:\d+$/.test(name) ? `${name}:${port}` : host)
}

interface Told {
  /** Of clients, the farthest first, as each proxy saw them. */
  addresses: string[]
  protocols: string[]
  hosts: string[]
  ports: string[]
}

function readForwardedFor(headers: IncomingHttpHeaders): Told | undefined {
  const told = {
    addresses: listOf(headers['x-forwarded-for']).map(bareAddress),
    protocols: listOf(headers['x-forwarded-proto']),
    hosts: listOf(headers['x-forwarded-host']),
    ports: listOf(headers['x-forwarded-port'])
  }
  return Object.values(told).some(list => list.length > 0) ? told : undefined
}

/** RFC 7239. Only where there is no `X-Forwarded-*`: a proxy that writes those hands on what a client put in here. */
function readForwarded({ forwarded }: IncomingHttpHeaders): Told | undefined {
  if (!forwarded) return undefined
  const told: Told = { addresses: [], protocols: [], hosts: [], ports: [] }
  for (const [element] of forwarded.matchAll(/(?:"(?:[^"\\]|\\.)*"|[^",])+/g)) {
    const parts = new Map<string, string>()
    for (const [, name = '', quoted, token = ''] of element.matchAll(
      /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;",]*))/g
    )) {
      parts.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token)
    }
    if (parts.size === 0) continue
    told.addresses.push(bareAddress(parts.get('for') ?? 'unknown'))
    const protocol = parts.get('proto')
    const host = parts.get('host')
    if (protocol) told.protocols.push(protocol)
    if (host) told.hosts.push(host)
  }
  return told
}

const listOf = (header: string | string[] | undefined): string[] =>
  String(header ?? '')
    .split(',')
    .map(entry => entry.trim())
    .filter(Boolean)

/** Some proxies add the client's port, which is another on each connection. */
function bareAddress(text: string): string {
  const bare = text.replace(/^"(.*)"$/, '$1')
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(bare)
  if (bracketed) return bracketed[1] ?? ''
  return bare.replace(/^([^:]*):\d+$/, '$1')
}

function put(headers: IncomingHttpHeaders, name: string, value: string | undefined): void {
  if (value === undefined) delete headers[name]
  else headers[name] = value
}
