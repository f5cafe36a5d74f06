import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Config } from '../config/config.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { Store } from '../open-store.ts'
import type { StoreEvents } from '../store/events.ts'

export type Metrics = ReturnType<typeof createMetrics>

/** Counters of this process, and the store's events turned into them. */
export function createMetrics(serverName: string) {
  const registry = new Registry()
  registry.setDefaultLabels({ server: serverName })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]

  /** Counts each time that it is called, by what it is called with. */
  const countBy = (label: string, name: string, help: string) => {
    const counter = new Counter({ name, help, labelNames: [label], registers })
    return (value: string) => counter.inc({ [label]: value })
  }

  const durations = new Histogram({
    name: 'carrinho_http_request_duration_seconds',
    help: 'Time to answer, by method, route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers
  })
  const pruned = new Counter({
    name: 'carrinho_pruned_rows_total',
    help: 'Rows past their time that this server deleted',
    registers
  })

  const unknownResolved = new Counter({
    name: 'carrinho_unknown_commits_resolved_total',
    help: 'Writes whose outcome was unknown and was settled by running them again under their key',
    registers
  })

  const events: StoreEvents = {
    retried: countBy(
      'cause',
      'carrinho_database_retries_total',
      'Units of work and reads that were run again, by cause'
    ),
    unknownResolved: () => unknownResolved.inc(),
    connectionOpened: countBy(
      'node',
      'carrinho_database_connections_opened_total',
      'Connections opened, by database node'
    ),
    connectionDiscarded: countBy(
      'reason',
      'carrinho_database_connections_discarded_total',
      'Connections thrown away, by reason'
    ),
    connectionChecked: countBy(
      'result',
      'carrinho_database_connection_checks_total',
      'Connections that were asked for a sign of life before they were used, by result'
    ),
    causalReadTimedOut: countBy(
      'node',
      'carrinho_causal_reads_timed_out_total',
      'Reads whose database node had not caught up in time with what was acknowledged before, by node'
    ),
    storageFull: countBy(
      'cause',
      'carrinho_storage_full_total',
      'Writes given up because no database node had room, by cause'
    ),
    readOnly: countBy(
      'cause',
      'carrinho_read_only_total',
      'Writes given up because no database node took any, by cause'
    ),
    nodeSilent: countBy(
      'node',
      'carrinho_database_silent_nodes_total',
      'Times a database node stopped answering and its connections were given up, by node'
    )
  }

  return { registry, durations, pruned, events }
}

export function metrics(
  app: FastifyInstance,
  {
    config,
    metrics,
    lifecycle,
    store: { dialect }
  }: { config: Config; metrics: Metrics; lifecycle: Lifecycle; store: Store }
): void {
  const registers = [metrics.registry]
  new Gauge({
    name: 'carrinho_ready',
    help: '1 while balancers should send requests here',
    registers,
    collect() {
      this.set(lifecycle.readiness().ready ? 1 : 0)
    }
  })
  new Gauge({
    name: 'carrinho_siblings',
    help: 'Addresses of other web servers, seen in the last ten minutes, which are asked for their database when it falls silent here',
    registers,
    collect() {
      this.set(lifecycle.siblings)
    }
  })
  new Gauge({
    name: 'carrinho_database_connections',
    help: 'The pool: open and idle connections, and callers waiting for one',
    labelNames: ['state'] as const,
    registers,
    collect() {
      for (const [state, value] of Object.entries(dialect.gauges())) this.set({ state }, value)
    }
  })

  /** Counted where they are run, without a call for each. */
  const countedElsewhere = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read())
      }
    })
  countedElsewhere(
    'carrinho_causal_reads_total',
    'Reads that see what was acknowledged before on any node: on Galera they wait for it, behind pgpool they stay on the primary',
    () => dialect.causalReads.total
  )
  countedElsewhere(
    'carrinho_causal_read_seconds_total',
    'Time of these reads, the wait included',
    () => dialect.causalReads.ms / 1000
  )

  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request
    metrics.durations.observe(
      { method, route: routeOptions.url ?? 'none', status: reply.statusCode },
      reply.elapsedTime / 1000
    )
    done()
  })

  const mayRead = bearerOf(config.metricsToken)
  app.get('/metrics', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    if (!mayRead(request.headers.authorization)) {
      reply.status(401).header('www-authenticate', 'Bearer realm="metrics"')
      return { error: 'unauthorized', requestId: request.id }
    }
    reply.type(metrics.registry.contentType)
    return metrics.registry.metrics()
  })
}

/** Whether an `Authorization` header carries the token; always where none is asked for. */
function bearerOf(token: string | undefined): (authorization: string | undefined) => boolean {
  if (token === undefined) return () => true
  // Hashes have one length, which is what the comparison needs, and tell nothing of the token's.
  const hash = (text: string) => createHash('sha256').update(text).digest()
  const expected = hash(token)
  return (authorization = '') => {
    const [, given = ''] = /^bearer +(\S+)$/i.exec(authorization) ?? []
    return timingSafeEqual(hash(given), expected)
  }
}
