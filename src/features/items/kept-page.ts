import type { FastifyInstance } from 'fastify'
import { notFound } from '../../errors.ts'
import type { RawForm } from '../../fields.ts'
import { setFlash } from '../../http/flash.ts'
import { languageOf } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { newKey } from '../../keys.ts'
import { places } from './list-at.ts'
import { backTo, carried } from './look.ts'
import { formatAmount } from './quantity.ts'
import { KEPT_PAGE, keptIn } from './row-forms.ts'
import type { Carts } from './rules.ts'

/** As long as scripts keep what was tapped: whoever logs in the next day would tick off what others wrote anew. */
const KEPT_MS = 30 * 60_000

/** After a login: what was ticked, without scripts, on a page whose session had ended. One press saves it. */
export function keptBoxes(app: FastifyInstance, { carts }: { carts: Carts }): void {
  for (const { prefix, of } of places) {
    app.get<{ Querystring: RawForm }>(`${prefix}/${KEPT_PAGE}`, async (request, reply) => {
      const at = of(request.params)
      if (!at) throw notFound()
      const { query } = request
      const goTo = backTo(at, query)
      const kept = keptIn(query)
      if (!kept) return reply.redirect(goTo, 302)
      if (Math.abs(Date.now() - kept.at) > KEPT_MS) {
        setFlash(reply, { kind: 'info', key: 'flash.keptTooOld' })
        return reply.redirect(goTo, 302)
      }
      const view = await carts.view(request.work, { accountId: getAccount(request).id, list: at.list })
      if (!view) throw notFound()
      const [done, open] = [new Set(kept.done), new Set(kept.open)]
      const there = view.items.filter(({ id }) => done.has(id) || open.has(id))
      const rows = there.filter(({ id, doneAt }) => (doneAt === null ? done : open).has(id))
      // Also where another account logged in: nothing of it is on its list.
      if (rows.length === 0) return reply.redirect(goTo, 302)
      const lang = languageOf(request)
      return reply.page('kept', {
        base: at.base,
        rows: rows.map(({ id, type, thousandths, unit, shop, doneAt }) => ({
          ...{ id, type, shop, isTicked: doneAt === null },
          amount: formatAmount(thousandths, unit, lang)
        })),
        was: rows.flatMap(({ id, version, doneAt }) => (doneAt === null ? [] : `${id}:${version}`)).join(),
        gone: done.size + open.size - there.length,
        carried: carried(query),
        operation: newKey(),
        goTo
      })
    })
  }
}
