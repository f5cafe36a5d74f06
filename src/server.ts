import type { AddressInfo } from 'node:net'
import { isIPv6 } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import pino from 'pino'
import { buildApp } from './app.ts'
import type { Config } from './config/config.ts'
import { embeddedSecret } from './config/session-secret.ts'
import { ConfigError } from './errors.ts'
import { startDatabaseMonitor } from './features/cluster/database-monitor.ts'
import { startSiblings } from './features/cluster/siblings.ts'
import { watchFolder } from './features/pictures/folder-watch.ts'
import { openFiles } from './files/files.ts'
import { createMetrics } from './http/metrics.ts'
import { logStore } from './http/store-log.ts'
import { Lifecycle } from './lifecycle.ts'
import { openStore } from './open-store.ts'
import { startPruning } from './pruning.ts'
import type { StoreEvents } from './store/events.ts'
import { migrate } from './store/migrate.ts'

/** Requests in flight get this long after the listener closed. Then the process ends whatever they do. */
const FINISH_MS = 30_000
const POOL_CLOSE_MS = 2000
/**
 * Within this a second signal is the first one again: a terminal, and systemd, tell every process of a service, and npm
 * hands on what it was told.
 */
const SAME_SIGNAL_MS = 1000
/** What could not be logged, because a disk is full, is kept up to this many bytes, and then no more is. */
const MAX_UNWRITTEN_LOG = 1 << 20

/**
 * Serves until SIGTERM, SIGINT or SIGHUP, then leaves in order: not ready, keeps answering for DRAIN_MS, closes the
 * listener, finishes what is in flight, closes the pool, exits 0. Another signal later than a second ends it at once.
 * @throws ConfigError when it cannot start with this configuration
 */
export async function serve(config: Config): Promise<void> {
  const embedded = config.database.engine === 'sqlite'
  if (embedded && config.sessionSecrets.length === 0) {
    config = { ...config, sessionSecrets: [openSecret(config.dataDir)] }
  }
  const lifecycle = new Lifecycle(config.serverName, config.readyGraceMs)
  const metrics = createMetrics(config.serverName)
  let log: FastifyBaseLogger | undefined
  const logged = logStore(metrics.events, () => log)
  const events: StoreEvents = {
    ...logged,
    storageFull(cause, origin) {
      logged.storageFull(cause, origin)
      lifecycle.storageFull(cause)
    },
    readOnly(cause, origin) {
      logged.readOnly(cause, origin)
      if (lifecycle.readOnly(cause)) log?.error({ cause }, 'the database takes no writes, only reading works')
    }
  }
  const store = await openStore(config, events)
  if (embedded) await migrate(store.dialect)
  const files = openFiles(config.files, {
    changed(problem, code) {
      if (problem === undefined) log?.info('the folder of pictures answers again')
      else log?.error({ problem, code }, 'no pictures: the list goes on without')
    },
    damaged: file => log?.error({ file }, 'a picture is not what its name says: it is not shown')
  })
  // A line is written when it is logged: pino's own default leaves it to the threads that password hashes need.
  const stream = pino.destination({ dest: 1, sync: true, maxLength: MAX_UNWRITTEN_LOG })
  // A terminal that was closed, a full disk: nobody can be told, and people are still to be served.
  stream.on('error', () => {})
  const app = await buildApp({
    config,
    lifecycle,
    store,
    files,
    metrics,
    logger: {
      level: config.logLevel,
      serializers: { err: describeError },
      base: { server: config.serverName },
      stream
    }
  })
  log = app.log
  if (!config.files) app.log.info('no FILES_DIR: the site goes without pictures')
  const folderWatch = await watchFolder({
    store,
    files,
    lifecycle,
    report(told) {
      if ('error' in told) log?.warn({ err: told.error }, 'the folder of pictures could not be looked at')
      else if (told.unseen.length > 0) log?.error(told, 'not the folder of pictures that other servers have')
      else log?.info('the folder of pictures is that of the other servers')
    }
  })

  const siblings = startSiblings(store, lifecycle, error => app.log.debug({ err: error }, 'no heartbeat'))
  const stopMonitor = startDatabaseMonitor(
    store,
    lifecycle,
    siblings,
    ({ reachable, failure, reason, elsewhere, problem, isWritable }) => {
      if (elsewhere !== undefined) app.log.error({ elsewhere }, 'no database here, another server has one')
      else if (problem !== undefined) app.log.error({ problem }, 'this release cannot serve on the schema')
      else if (isWritable) app.log.info('the database takes writes again')
      else if (reachable) app.log.info({ engine: store.dialect.engine }, 'the database answers')
      else app.log.error({ failure, reason }, 'the database does not answer')
    }
  )
  const stopPruning = startPruning(store, files, (error, pruned) => {
    if (error) app.log.warn({ err: error }, 'pruning failed')
    else if (pruned > 0) app.log.info({ pruned }, 'pruned')
    metrics.pruned.inc(pruned)
  })

  const leave = async () => {
    lifecycle.draining()
    app.log.info({ drainMs: config.drainMs }, 'draining')
    await new Promise(resolve => setTimeout(resolve, config.drainMs))
    stopMonitor()
    stopPruning()
    setTimeout(() => {
      app.log.error('requests were still in flight, leaving anyway')
      process.exit(1)
    }, FINISH_MS).unref()
    await app.close()
    // Until here it served: whoever takes something away from the schema must see it.
    await siblings.stop()
    await folderWatch?.stop()
    files.close()
    await store.dialect.close(POOL_CLOSE_MS)
    app.log.info('left in order')
    process.exit(0)
  }
  let firstSignalAt = Number.NEGATIVE_INFINITY
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (lifecycle.isDraining) {
        if (performance.now() - firstSignalAt > SAME_SIGNAL_MS) process.exit(1)
        return
      }
      firstSignalAt = performance.now()
      leave().catch(error => {
        app.log.fatal({ err: error }, 'could not leave in order')
        process.exit(1)
      })
    })
  }

  try {
    await app.listen({ host: config.host, port: config.port })
  } catch (error) {
    throw listenMistake(error, config)
  }
  lifecycle.serving()
  process.stdout.write(`carrinho listens on ${urlOf(app.server.address() as AddressInfo)}\n`)
}

interface Described {
  [key: string]: unknown
  type: string
  message: string
  stack: string
}

/** What a driver hangs on its errors beyond this (statements, their values, rows) does not belong in a log. */
function describeError(error: Error): Described {
  const { name, message, stack = '', cause } = error
  const code = 'code' in error ? error.code : undefined
  return { type: name, code, message, stack, cause: cause instanceof Error ? describeError(cause) : undefined }
}

function openSecret(dataDir: string): string {
  try {
    return embeddedSecret(dataDir)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError([`DATA_DIR: ${reason}, expects a folder this user may write to`])
  }
}

function listenMistake(error: unknown, { host, port }: Config): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new ConfigError([`PORT: ${port} is in use already, expects a free port`])
    case 'EACCES':
      return new ConfigError([`PORT: this user may not listen on ${port}, expects one from 1024 up`])
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ConfigError([`HOST: ${host} is not an address of this machine`])
    default:
      return error
  }
}

function urlOf({ address, port }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return `http://localhost:${port}`
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`
}
