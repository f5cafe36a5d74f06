const NAME = 'carrinho_http_request_duration_seconds'
const HELP = 'Time to answer, by method, route and status'
/** Upper bounds of the buckets, in seconds. */
const BOUNDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Series {
  labels: string
  /** How many fell into each bucket and into none below it; the last is for what took longer than all bounds. */
  counts: number[]
  sumSeconds: number
}

/**
 * A Prometheus histogram. prom-client's own checks, sorts and joins the labels at each observation, so of each request;
 * this one writes them once for each series.
 */
export class RequestDurations {
  readonly #server: string
  readonly #series = new Map<string, Series>()

  constructor(serverName: string) {
    this.#server = quote(serverName)
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    const key = `${method} ${route} ${status}`
    let series = this.#series.get(key)
    if (!series) {
      const labels = `method=${quote(method)},route=${quote(route)},status="${status}",server=${this.#server}`
      series = { labels, counts: new Array(BOUNDS.length + 1).fill(0), sumSeconds: 0 }
      this.#series.set(key, series)
    }
    let bucket = 0
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] as number)) bucket++
    series.counts[bucket] = (series.counts[bucket] as number) + 1
    series.sumSeconds += seconds
  }

  /** In Prometheus' text format. */
  text(): string {
    const lines = [`# HELP ${NAME} ${HELP}`, `# TYPE ${NAME} histogram`]
    for (const { labels, counts, sumSeconds } of this.#series.values()) {
      let count = 0
      for (const [i, bound] of [...BOUNDS, '+Inf'].entries()) {
        count += counts[i] ?? 0
        lines.push(`${NAME}_bucket{le="${bound}",${labels}} ${count}`)
      }
      lines.push(`${NAME}_sum{${labels}} ${sumSeconds}`, `${NAME}_count{${labels}} ${count}`)
    }
    return `${lines.join('\n')}\n`
  }
}

const quote = (label: string): string =>
  `"${label.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')}"`
