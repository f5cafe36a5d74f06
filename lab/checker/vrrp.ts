export interface Advert {
  /** Unix time in milliseconds. */
  at: number
  from: string
  version: number
  priority: number
  routerId: number
}

/** Reads tcpdump's lines (`-nn -tt -v`, one per packet); lines that are not adverts are passed over. */
export function readAdverts(lines: readonly string[]): Advert[] {
  return lines.flatMap(line => {
    const at = /^(\d+\.\d+)/.exec(line)?.[1]
    const advert = /([\d.]+) > 224\.0\.0\.18: .*VRRPv(\d), Advertisement, .*vrid (\d+), prio (\d+)/.exec(line)
    if (!at || !advert) return []
    const [, from = '', version, routerId, priority] = advert
    return [
      { at: Number(at) * 1000, from, version: Number(version), routerId: Number(routerId), priority: Number(priority) }
    ]
  })
}
