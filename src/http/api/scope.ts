import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config/config.ts'
import { databaseUnavailable } from '../../errors.ts'
import type { Tokens } from '../../features/tokens/rules.ts'
import type { Lifecycle } from '../../lifecycle.ts'
import { failureLog } from '../error-pages.ts'
import type { FloodLog } from '../flood-log.ts'
import { decodeBytes, parseQuery, refuseCharset, refusePacked } from '../forms.ts'
import { bearer, getCaller } from './bearer.ts'
import { document } from './document.ts'
import { refuseInProgress } from './in-progress.ts'
import { refuseDuplicates } from './json.ts'
import { describeProblem, invalid, Problem, problemSchema, toProblem } from './problem.ts'
import { validation } from './validation.ts'

export const API = '/api/v1'

export const isOfApi = (url: string): boolean => /^\/api\/v1(?:[/?]|$)/.test(url)

interface ApiParts {
  config: Config
  lifecycle: Lifecycle
  tokens: Tokens
  flood: FloodLog
  /** Adds the routes, below API. */
  routes: (api: FastifyInstance) => void
}

/**
 * What programs speak to: a token with each request, no cookie, JSON in and out, a problem for whatever goes wrong. Returns
 * what is said of it all, once the application is ready.
 */
export async function api(
  app: FastifyInstance,
  { config, lifecycle, tokens, flood, routes }: ApiParts
): Promise<() => object> {
  let described: () => object = () => ({})
  await app.register(
    async scope => {
      problems(scope, flood)
      bodies(scope)
      scope.addSchema(problemSchema)
      described = await document(scope)

      await scope.register(async authorised => {
        // Here, where the routes add schemas: a scope with schemas of its own does not inherit it.
        validation(authorised)
        authorised.addHook('onRequest', async () => {
          // On another schema even a token may not be what it seems.
          if (!lifecycle.isSchemaFit) throw databaseUnavailable(new Error('this release cannot serve on the schema'))
        })
        bearer(authorised, { tokens })
        // Counted by each server for itself: a table of counters would cost every read of the API a write.
        await authorised.register(rateLimit, {
          max: config.apiLimit,
          timeWindow: 60_000,
          enableDraftSpec: true,
          keyGenerator: request => getCaller(request).tokenId,
          errorResponseBuilder: (_request, { ttl, max }) =>
            new Problem('rate_limited', { params: { max, wait: Math.ceil(ttl / 1000) } })
        })
        refuseInProgress(authorised)
        routes(authorised)
      })
    },
    { prefix: API }
  )
  return () => described()
}

/** The one way from whatever went wrong to its answer. */
export function answerProblem(raw: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { body, headers } = describeProblem(toProblem(raw), request)
  return reply.status(body.status).headers(headers).type('application/problem+json').send(body)
}

function problems(scope: FastifyInstance, flood: FloodLog): void {
  const noteFailure = failureLog(flood)
  scope.setErrorHandler((raw, request, reply) => {
    noteFailure(raw, request)
    const problem = toProblem(raw)
    request.refusal = problem.code
    return answerProblem(problem, request, reply)
  })

  const known = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  scope.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replace(/:\w+/g, '[^/]+')}$`)
    const route = known.get(url) ?? { pattern, methods: new Set() }
    for (const one of [method].flat()) route.methods.add(one)
    known.set(url, route)
  })
  scope.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const methods = [...known.values()].filter(({ pattern }) => pattern.test(path)).flatMap(it => [...it.methods])
    const problem =
      methods.length === 0
        ? new Problem('not_found')
        : new Problem('method_not_allowed', { headers: { allow: [...new Set(methods)].sort().join(', ') } })
    request.refusal = problem.code
    return answerProblem(problem, request, reply)
  })
}

/** What has nothing to say may be left out, or say nothing. @throws Problem invalid */
function refuseMembers(body: unknown): void {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const error = { key: 'problem.field.type', params: { type: 'object' } } as const
    throw invalid({ field: 'body', in: 'body', pointer: '', error })
  }
  const names = Object.keys(body)
  if (names.length === 0) return
  throw invalid(...names.map(field => ({ field, in: 'body', error: { key: 'problem.field.unknown' } }) as const))
}

/** JSON in UTF-8, each member of an object once. */
function bodies(scope: FastifyInstance): void {
  refusePacked(scope)
  scope.removeAllContentTypeParsers()
  const parseJson = scope.getDefaultJsonParser('error', 'error')
  scope.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    (request, body, done) => {
      try {
        refuseCharset(request)
        const text = decodeBytes(body as Buffer)
        // A client that names the type of what it does not send.
        if (text === '') return done(null, undefined)
        parseJson(request, text, (error, value) => {
          if (error) return done(new Problem('bad_json'), undefined)
          try {
            refuseDuplicates(text)
            done(null, value)
          } catch (error) {
            done(error as Error, undefined)
          }
        })
      } catch (error) {
        done(error as Error, undefined)
      }
    }
  )
  scope.addHook('preValidation', async request => {
    request.query = parseQuery(request)
    if (request.body !== undefined && request.routeOptions.schema?.body === undefined) refuseMembers(request.body)
  })
  // What a list holds is its owner's.
  scope.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'private, no-cache')
  })
}
