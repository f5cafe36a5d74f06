import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { notFound } from '../../errors.ts'
import type { AnyForm } from '../../fields.ts'
import { setFlash } from '../../http/flash.ts'
import { fieldsOf } from '../../http/forms.ts'
import { chooseLanguage } from '../../http/language-choice.ts'
import { getAccount } from '../../http/members.ts'
import { logOut } from '../accounts/logout-page.ts'
import { saveBoxesToo } from './boxes-page.ts'
import { type ListAt, places } from './list-at.ts'
import { backTo } from './look.ts'
import { rowForm } from './row-forms.ts'
import type { Carts } from './rules.ts'

const languageForm: AnyForm = { ...rowForm, hidden: [...(rowForm.hidden ?? []), 'lang'] }

/** The site's own buttons on the page of a list: without scripts they send its boxes, which are saved first. */
export function leavingList(app: FastifyInstance, { carts }: { carts: Carts }): void {
  for (const { prefix, page, of } of places) {
    const save = async (request: FastifyRequest, reply: FastifyReply): Promise<ListAt> => {
      const at = of(request.params)
      if (!at) throw notFound()
      const where = { accountId: getAccount(request).id, list: at.list }
      const [gone] = (await saveBoxesToo(carts, request, where, fieldsOf(request))) ?? []
      if (gone) setFlash(reply, { kind: 'info', ...gone })
      return at
    }

    app.post(`${prefix}/idioma`, { config: { form: languageForm, page } }, async (request, reply) => {
      const at = await save(request, reply)
      const fields = fieldsOf(request)
      chooseLanguage(reply, fields.lang)
      return reply.redirect(backTo(at, fields), 303)
    })

    app.post(`${prefix}/sair`, { config: { form: rowForm, page } }, async (request, reply) => {
      await save(request, reply)
      return logOut(request, reply)
    })
  }
}
