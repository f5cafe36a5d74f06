import type { FastifyInstance } from 'fastify'
import type { RawForm } from '../../fields.ts'
import { languageOf } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { respond } from '../../http/respond.ts'
import { formatAmount } from '../items/quantity.ts'
import type { Found, Search } from './rules.ts'
import { queryOf, searchForm } from './schema.ts'

const baseOf = ({ list }: Found) => (list.id === 'first' ? '/carrinho' : `/listas/${list.id}`)

/** What is on any of an account's lists. */
export function searchPage(app: FastifyInstance, { search }: { search: Search }): void {
  app.get<{ Querystring: RawForm }>('/procurar', async (request, reply) => {
    const query = queryOf(request.query)
    const { found, more } = await search.find(request.work, getAccount(request).id, query)
    const shown = found.map(one => ({
      ...one,
      amount: formatAmount(one.thousandths, one.unit, languageOf(request)),
      isDone: one.doneAt !== null,
      base: baseOf(one)
    }))
    return respond(request, reply, {
      json: () => ({
        more,
        items: shown.map(({ id, type, thousandths, unit, shop, note, isDone, list }) => ({
          id,
          name: type,
          quantity: thousandths / 1000,
          unit,
          shop,
          note,
          done: isDone,
          list: { id: list.id, name: list.name }
        }))
      }),
      page: () => reply.page('search', { search: searchForm.fields, query, found: shown, more })
    })
  })
}
