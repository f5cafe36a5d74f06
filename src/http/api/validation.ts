import { Ajv, type ValidateFunction } from 'ajv'
import type { FastifyInstance, FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'
import type { FieldError } from '../../field-error.ts'
import { Problem, type WrongField } from './problem.ts'

// Nothing is made to fit: a wrong type is a mistake, and what is not known is misspelt.
const ajv = new Ajv({ allErrors: true, strict: false, coerceTypes: false, removeAdditional: false, useDefaults: true })

interface SchemaOfValues {
  format?: string
  $ref?: string
  properties?: Record<string, { type?: string }>
  required?: string[]
}

/** Values of a URL are texts: those that are to be numbers, and look like it, become numbers. */
function readNumbers({ properties = {} }: SchemaOfValues, values: Record<string, unknown>): void {
  for (const [name, { type }] of Object.entries(properties)) {
    const value = values[name]
    if (type === 'integer' && typeof value === 'string' && /^-?\d{1,20}$/.test(value)) values[name] = Number(value)
  }
}

/** The schemas that the document shows are those that requests are held against. */
export function validation(app: FastifyInstance): void {
  /** The schema itself, wherever a route names one that the document names, too. */
  const named = <S>(schema: S): S => {
    if (typeof schema !== 'object' || schema === null) return schema
    if (Array.isArray(schema)) return schema.map(named) as S
    if ('$ref' in schema && typeof schema.$ref === 'string') {
      const { $id: _, ...found } = app.getSchema(schema.$ref.replace(/#$/, '')) as { $id: string }
      return named(found) as S
    }
    return Object.fromEntries(Object.entries(schema).map(([name, inner]) => [name, named(inner)])) as S
  }
  const compile: FastifySchemaCompiler<SchemaOfValues> = ({ schema: given, httpPart }) => {
    const schema = named(given)
    // Bytes are looked at by who takes them.
    if (schema.format === 'binary') return () => true
    const isOfUrl = httpPart === 'querystring' || httpPart === 'params'
    // For the first request, as all of them at once would hold the start up.
    let validate: ValidateFunction | undefined
    return data => {
      validate ??= ajv.compile(httpPart === 'headers' ? lowerCased(schema) : schema)
      if (isOfUrl) readNumbers(schema, data)
      return validate(data) || { error: validate.errors ?? [] }
    }
  }
  app.setValidatorCompiler(compile)
  app.setSchemaErrorFormatter(asProblem)
}

/** Header names as Node has them; the document keeps the usual way to write them. */
function lowerCased(schema: SchemaOfValues): SchemaOfValues {
  const { properties = {}, required = [] } = schema
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties).map(([name, it]) => [name.toLowerCase(), it])),
    required: required.map(name => name.toLowerCase())
  }
}

const PLACES = { body: 'body', querystring: 'query', params: 'path', headers: 'header' } as const

function asProblem(errors: FastifySchemaValidationError[], part: string): Problem {
  // An id that cannot be one is that of nothing.
  if (part === 'params') return new Problem('not_found')
  if (part === 'headers') return headerProblem(errors)
  const place = PLACES[part as keyof typeof PLACES] ?? 'body'
  const fields = new Map<string, WrongField>()
  for (const error of errors) {
    const wrong = wrongField(error, place)
    // Of several reasons the first will do.
    if (wrong && !fields.has(wrong.pointer ?? wrong.field)) fields.set(wrong.pointer ?? wrong.field, wrong)
  }
  return new Problem('invalid', { fields: [...fields.values()] })
}

function headerProblem(errors: FastifySchemaValidationError[]): Problem {
  const named = (name: string) =>
    errors.find(({ instancePath, params }) => params.missingProperty === name || instancePath === `/${name}`)
  const key = named('idempotency-key')
  if (key) return new Problem(key.keyword === 'required' ? 'key_missing' : 'key_malformed')
  return new Problem(named('if-match')?.keyword === 'required' ? 'precondition_required' : 'bad_request')
}

function wrongField(
  { keyword, instancePath, params }: FastifySchemaValidationError,
  place: WrongField['in']
): WrongField | undefined {
  const inner = params.missingProperty ?? params.additionalProperty
  const pointer = inner === undefined ? instancePath : `${instancePath}/${inner}`
  const field = pointer.split('/').findLast(part => !/^\d*$/.test(part)) ?? 'body'
  const error = explain(keyword, params)
  return error && { field, in: place, pointer, error }
}

function explain(keyword: string, params: Record<string, unknown>): FieldError | undefined {
  const limit = Number(params.limit)
  const allowed = Array.isArray(params.allowedValues) ? params.allowedValues : []
  switch (keyword) {
    case 'required':
      return { key: 'field.required' }
    case 'additionalProperties':
      return { key: 'problem.field.unknown' }
    case 'type':
      return { key: 'problem.field.type', params: { type: String(params.type) } }
    case 'enum':
      return { key: 'problem.field.oneOf', params: { values: allowed.join(', ') } }
    case 'minLength':
      return { key: 'field.required' }
    case 'maxLength':
      return { key: 'field.tooLong', params: { max: limit } }
    case 'minProperties':
      return { key: 'problem.field.nothing' }
    case 'uniqueItems':
      return { key: 'problem.field.repeated' }
    case 'exclusiveMinimum':
      return { key: 'problem.field.above', params: { min: limit } }
    case 'minimum':
    case 'minItems':
      return { key: 'problem.field.least', params: { min: limit } }
    case 'maximum':
    case 'maxItems':
      return { key: 'problem.field.most', params: { max: limit } }
    // What its members say already.
    case 'anyOf':
    case 'oneOf':
    case 'if':
      return undefined
    default:
      return { key: 'field.invalid' }
  }
}
