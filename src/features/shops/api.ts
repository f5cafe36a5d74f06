import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { answers, ref } from '../../http/api/answers.ts'
import { Problem } from '../../http/api/problem.ts'
import { noQuery } from '../../http/api/request.ts'
import { listOf, listParams } from '../items/api-parts.ts'
import { itemIdOf } from '../items/api-schema.ts'
import type { Carts } from '../items/rules.ts'
import { groupByShop } from './groups.ts'

const itemIds = (description: string) => Type.Array(Type.String(), { description })

const shopSchema = Type.Object(
  {
    name: Type.String({ description: 'As it was first written; empty: what may be bought anywhere.' }),
    items: itemIds('The ids of what is to buy there, in the order in which the account goes through this shop.')
  },
  {
    $id: 'Shop',
    description: 'A shop, and what is to buy there.',
    examples: [{ name: 'Mercado', items: ['0f8fad5b-d9cb-469f-a165-70867728950e', '17'] }]
  }
)
const walkSchema = Type.Object(
  {
    version: Type.Integer({ description: 'The version of the list that this is of.' }),
    shops: Type.Array(ref('Shop'), {
      description: 'In the order in which the account goes to them. What may be bought in several shops is in each.'
    }),
    done: itemIds('The ids of what is ticked off, the latest first.')
  },
  { $id: 'Walk', description: 'A list as its page shows it: by shop, in the order that the account set.' }
)

export function shopsApi(api: FastifyInstance, { carts }: { carts: Carts }): void {
  api.addSchema(shopSchema)
  api.addSchema(walkSchema)
  api.get(
    '/lists/:list/shops',
    {
      schema: {
        operationId: 'listShops',
        tags: ['lists'],
        summary: 'A list by shop, in the order in which one walks',
        params: listParams,
        querystring: noQuery,
        response: answers({ description: 'The shops.', body: ref('Walk') }, 404)
      }
    },
    async request => {
      const found = await carts.view(request.work, listOf(request))
      if (!found) throw new Problem('not_found')
      const [open, done] = [true, false].map(isOpen => found.items.filter(it => (it.doneAt === null) === isOpen))
      const shops = groupByShop(open ?? [], found.ordering)
      return {
        version: found.list.version,
        shops: shops.map(({ shop, items }) => ({ name: shop, items: items.map(itemIdOf) })),
        done: (done ?? []).map(itemIdOf)
      }
    }
  )
}
