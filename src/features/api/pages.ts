import type { FastifyInstance } from 'fastify'
import { type ProblemCode, problemStatus } from '../../http/api/problem.ts'
import { namedBy } from '../../http/api/refusals.ts'
import { API } from '../../http/api/scope.ts'

interface Media {
  schema?: Schema
}
interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  format?: string
  description?: string
  items?: Schema
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  examples?: unknown[]
  example?: unknown
}
interface Operation {
  operationId: string
  summary?: string
  description?: string
  tags?: string[]
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Schema }[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { description: string; content?: Record<string, Media> }>
}
interface Description {
  info: { description: string }
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** The document as people read it: made here, of the same document, and with nothing from elsewhere. */
export function apiPage(app: FastifyInstance, { describe, limit }: { describe: () => object; limit: number }): void {
  const paramsOf = (code: string) =>
    code === 'rate_limited' ? { max: limit, wait: '…' } : namedBy(code as ProblemCode)
  let shown: object | undefined
  app.get('/api', (_request, reply) => {
    shown ??= arrange(describe() as Description)
    return reply.page('api', {
      document: `${API}/openapi.json`,
      problems: Object.entries(problemStatus).map(([code, status]) => ({ code, status, params: paramsOf(code) })),
      ...shown
    })
  })
}

function arrange({ info, tags, paths, components }: Description) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, it]) => ({
      id: it.operationId,
      tag: it.tags?.[0],
      method: method.toUpperCase(),
      path,
      summary: it.summary ?? '',
      description: it.description ?? '',
      parameters: (it.parameters ?? []).map(({ name, in: place, required, description, schema }) => ({
        name,
        place,
        required: required === true,
        type: typeOf(schema),
        description: description ?? ''
      })),
      body: mediaOf(it.requestBody?.content),
      answers: Object.entries(it.responses).map(([status, { description, content }]) => ({
        status,
        description,
        type: mediaOf(content)
      }))
    }))
  )
  return {
    about: paragraphs(info.description),
    groups: tags
      .map(({ name, description }) => ({ name, description, operations: operations.filter(({ tag }) => tag === name) }))
      .filter(group => group.operations.length > 0),
    schemas: Object.entries(components.schemas).map(([name, schema]) => ({
      name,
      description: schema.description ?? '',
      example: exampleOf(schema),
      fields: Object.entries(schema.properties ?? {}).map(([field, it]) => ({
        name: field,
        type: typeOf(it),
        required: schema.required?.includes(field) === true,
        description: it.description ?? ''
      }))
    }))
  }
}

const paragraphs = (text: string) => text.replaceAll(/[*`]/g, '').split(/\n{2,}/)

const nameIn = ({ $ref }: Schema) => $ref?.split('/').at(-1)

/** The schema of a body; of a file what it may be. */
function mediaOf(content: Record<string, Media> = {}): string {
  const [first] = Object.values(content)
  return first?.schema?.format === 'binary' ? Object.keys(content).join(' | ') : typeOf(first?.schema)
}

function typeOf(schema: Schema | undefined): string {
  if (!schema) return ''
  const name = nameIn(schema)
  if (name !== undefined) return name
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ')
  if (schema.enum) return schema.enum.map(value => JSON.stringify(value)).join(' | ')
  if (schema.type === 'array') return `${typeOf(schema.items)}[]`
  const type = [schema.type ?? 'any'].flat().join(' | ')
  return schema.format ? `${type} (${schema.format})` : type
}

function exampleOf({ examples, example }: Schema): string {
  const given = examples?.[0] ?? example
  return given === undefined ? '' : JSON.stringify(given, null, 2)
}
