import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type RawForm, typed } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { languageOf } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { respond } from '../../http/respond.ts'
import { digest, newKey } from '../../keys.ts'
import { asEntry } from '../items/as-text.ts'
import { formatAmount } from '../items/quantity.ts'
import { queryOf, searchForm } from '../search/schema.ts'
import type { Shops } from '../shops/rules.ts'
import { isSameName, type Suggestion, type Suggestions } from './rules.ts'
import { forgetForm, parseMoment } from './schema.ts'

const PAGE = '/sugestoes'
/** Names on one page; the others are found by writing. */
const SHOWN = 60

interface Parts {
  suggestions: Suggestions
  shops: Pick<Shops, 'forgetName'>
}

/** What an account buys: suggestions for the script of the list, and a page on which they are added and forgotten. */
export function suggestionsPage(app: FastifyInstance, { suggestions, shops }: Parts): void {
  const show = async (request: FastifyRequest, reply: FastifyReply, query: string) => {
    const lang = languageOf(request)
    const page = newKey()
    const names = await suggestions.suggest(request.work, getAccount(request).id, query, SHOWN)
    return reply.page('suggestions', {
      search: searchForm.fields,
      query,
      names: names.map(one => ({
        ...one,
        amount: formatAmount(one.thousandths, one.unit, lang),
        entry: asEntry({ ...one, note: '', done: false }, lang),
        operation: digest(page, one.name)
      }))
    })
  }

  app.get<{ Querystring: RawForm }>(PAGE, (request, reply) => {
    const query = queryOf(request.query)
    const lang = languageOf(request)
    return respond(request, reply, {
      json: async () => {
        const found = await suggestions.suggest(request.work, getAccount(request).id, query)
        return { suggestions: found.map(one => asJson(one, formatAmount(one.thousandths, one.unit, lang))) }
      },
      page: () => show(request, reply, query)
    })
  })

  app.post(
    `${PAGE}/esquecer`,
    { compress: false, config: { form: forgetForm, page: PAGE } },
    async (request, reply) => {
      const fields = fieldsOf(request)
      const name = typed(fields, 'name')
      const seen = parseMoment(fields.seen)
      const { id } = getAccount(request)
      const forgotten = seen !== undefined && (await suggestions.forget(request.work, id, name, seen))
      // Sent again after an answer that was lost, what is left of the name goes, too.
      if (forgotten || (seen !== undefined && !(await suggestions.knows(request.work, id, name)))) {
        await shops.forgetName(request.work, id, other => isSameName(other, name))
      }
      return respond(request, reply, {
        goTo: PAGE,
        flash: forgotten
          ? { kind: 'success', key: 'flash.forgotten', params: { name } }
          : { kind: 'info', key: 'flash.notForgotten' },
        json: { forgotten }
      })
    }
  )
}

const asJson = ({ name, shop, unit, thousandths, boughtAt }: Suggestion, amount: string) => ({
  name,
  quantity: thousandths / 1000,
  unit,
  shop,
  amount,
  boughtAt
})
