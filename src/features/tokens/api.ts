import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { answers, ref } from '../../http/api/answers.ts'
import { getCaller } from '../../http/api/bearer.ts'
import { scopes } from './schema.ts'

const accountSchema = Type.Object(
  {
    name: Type.String({ description: 'What the account’s owner is called.' }),
    email: Type.String({ description: 'The account’s e-mail.' }),
    scope: Type.String({ enum: [...scopes], description: 'What the token may do.' })
  },
  {
    $id: 'Account',
    description: 'Whom a token acts for.',
    examples: [{ name: 'Ana Sousa', email: 'ana@example.org', scope: 'write' }]
  }
)

export function accountApi(api: FastifyInstance): void {
  api.addSchema(accountSchema)
  api.get(
    '/account',
    {
      schema: {
        operationId: 'getAccount',
        tags: ['account'],
        summary: 'Whom the token acts for, and how far',
        querystring: Type.Object({}, { additionalProperties: false }),
        response: answers({ description: 'The account.', body: ref('Account') })
      }
    },
    async request => {
      const { account, scope } = getCaller(request)
      return { name: account.name, email: account.email, scope }
    }
  )
}
