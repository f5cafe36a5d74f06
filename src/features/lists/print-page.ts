import type { FastifyInstance, FastifyRequest } from 'fastify'
import { notFound } from '../../errors.ts'
import { languageOf, translateFor } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { respond } from '../../http/respond.ts'
import { formatDate } from '../../i18n/index.ts'
import { listAsText } from '../items/as-text.ts'
import { type ListAt, places } from '../items/list-at.ts'
import { formatAmount } from '../items/quantity.ts'
import type { Carts } from '../items/rules.ts'
import { groupByShop } from '../shops/groups.ts'

/** A list on paper, and as text to send to somebody. What is in the basket is in neither. */
export function printPage(app: FastifyInstance, { carts }: { carts: Carts }): void {
  const read = async (request: FastifyRequest, at: ListAt | undefined) => {
    const view = at && (await carts.view(request.work, { accountId: getAccount(request).id, list: at.list }))
    if (!at || !view) throw notFound()
    const groups = groupByShop(
      view.items.filter(({ doneAt }) => doneAt === null),
      view.ordering
    )
    return { base: at.base, name: view.list.name || translateFor(request)('list.title'), groups }
  }

  for (const { prefix, of } of places) {
    app.get(`${prefix}/imprimir`, async (request, reply) => {
      const { base, name, groups } = await read(request, of(request.params))
      const lang = languageOf(request)
      return respond(request, reply, {
        page: () =>
          reply.page('print', {
            base,
            name,
            day: formatDate(lang, new Date()),
            groups: groups.map(({ shop, items }) => ({
              shop,
              items: items.map(({ type, thousandths, unit, note }) => ({
                type,
                note,
                amount: formatAmount(thousandths, unit, lang)
              }))
            }))
          })
      })
    })

    app.get(`${prefix}/texto`, async (request, reply) => {
      const { base, name, groups } = await read(request, of(request.params))
      // What may be bought in several shops is in each of their groups, and once in the text.
      const items = [...new Set(groups.flatMap(group => group.items))]
      const text = listAsText(
        items.map(item => ({
          name: item.type,
          thousandths: item.thousandths,
          unit: item.unit,
          shop: item.shop,
          note: item.note,
          done: false
        })),
        languageOf(request)
      )
      if (request.headers.accept?.startsWith('text/plain')) {
        return reply.header('cache-control', 'no-store').type('text/plain; charset=utf-8').send(`${text}\n`)
      }
      return respond(request, reply, {
        json: () => ({ name, text }),
        page: () => reply.page('text', { base, name, text })
      })
    })
  }
}
