import type { FastifyInstance } from 'fastify'
import Type, { type Static } from 'typebox'
import { answers, ref } from '../../http/api/answers.ts'
import { getCaller } from '../../http/api/bearer.ts'
import { MAX_TEXT } from '../../text.ts'
import type { Suggestions } from './rules.ts'

const MOST = 50

const suggestionSchema = Type.Object(
  {
    name: Type.String({ description: 'As it was bought last.' }),
    quantity: Type.Number({ description: 'The usual quantity.' }),
    unit: Type.String({ description: 'The usual unit; empty for pieces.' }),
    shop: Type.String({ description: 'The usual shop.' }),
    boughtAt: Type.String({ format: 'date-time', description: 'When it was put on a list last.' })
  },
  {
    $id: 'Suggestion',
    description: 'What the account buys.',
    examples: [{ name: 'Laranjas', quantity: 2, unit: 'kg', shop: 'Mercado', boughtAt: '2026-11-26T18:30:00.000Z' }]
  }
)
const suggestionsSchema = Type.Object(
  { suggestions: Type.Array(ref('Suggestion'), { description: 'The likeliest first.' }) },
  { $id: 'Suggestions', description: 'What may be meant.' }
)
const query = Type.Object(
  {
    q: Type.Optional(
      Type.String({
        maxLength: MAX_TEXT,
        default: '',
        description:
          'The beginning of a name, or of a word in it; accents and case do not matter. Of nothing: what is bought most.'
      })
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST, default: 8, description: 'How many at most.' }))
  },
  { additionalProperties: false }
)

export function suggestionsApi(api: FastifyInstance, { suggestions }: { suggestions: Suggestions }): void {
  api.addSchema(suggestionSchema)
  api.addSchema(suggestionsSchema)
  api.get<{ Querystring: Static<typeof query> }>(
    '/suggestions',
    {
      schema: {
        operationId: 'listSuggestions',
        tags: ['suggestions'],
        summary: 'Complete a name',
        querystring: query,
        response: answers({ description: 'Suggestions.', body: ref('Suggestions') })
      }
    },
    async request => {
      const { q = '', limit } = request.query
      const found = await suggestions.suggest(request.work, getCaller(request).account.id, q, limit)
      return {
        suggestions: found.map(({ name, thousandths, unit, shop, boughtAt }) => ({
          name,
          quantity: thousandths / 1000,
          unit,
          shop,
          boughtAt: new Date(boughtAt).toISOString()
        }))
      }
    }
  )
}
