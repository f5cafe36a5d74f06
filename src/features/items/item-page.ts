import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { notFound } from '../../errors.ts'
import { type AnyForm, type RawForm, typed } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { languageOf, translateFor } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { nothingWrong, respond, type Wrong } from '../../http/respond.ts'
import { digest, newKey } from '../../keys.ts'
import type { History } from '../history/rules.ts'
import { hashesIn } from '../pictures/schema.ts'
import { respondGone } from './gone-page.ts'
import { type ListAt, places } from './list-at.ts'
import { formatQuantity } from './quantity.ts'
import type { Carts, Item } from './rules.ts'
import { editForm, parseId } from './schema.ts'

type FieldName = keyof typeof editForm.fields

/** What goes along with it: what the page showed in each field, and which of two values is chosen. */
const sentForm: AnyForm = {
  fields: editForm.fields,
  hidden: [
    ...editForm.hidden,
    ...Object.values(editForm.fields).flatMap(({ name }) => [`seen_${name}`, `pick_${name}`])
  ]
}

/** Two wrote into one field: both values, as people read them. */
interface Choice {
  field: FieldName
  theirs: string
  yours: string
}

/** The page on which one item is changed. What was not changed on it is not sent, and so never takes back another's change. */
export function itemPage(
  app: FastifyInstance,
  { carts, history, hasPictures }: { carts: Carts; history: History; hasPictures: boolean }
): void {
  const whereOf = (request: FastifyRequest, { list }: ListAt) => ({ accountId: getAccount(request).id, list })

  /** An item as its form has it, by the names of the fields. */
  const valuesOf = (request: FastifyRequest, item: Item): Record<string, string> => ({
    [editForm.fields.type.name]: item.type,
    [editForm.fields.thousandths.name]: formatQuantity(item.thousandths, languageOf(request)),
    [editForm.fields.unit.name]: item.unit,
    [editForm.fields.shop.name]: item.shop,
    [editForm.fields.note.name]: item.note
  })

  interface Shown {
    item: Item
    /** What is in the fields. */
    form: Record<string, string>
    /** What was there before they were changed, where that is not what the item has now. */
    seen?: Record<string, string>
    choices: Choice[]
  }

  const show = (
    request: FastifyRequest,
    reply: FastifyReply,
    at: ListAt,
    { item, form, seen, choices }: Shown,
    wrong: Wrong
  ) =>
    reply.page('item', {
      base: at.base,
      item,
      fields: editForm.fields,
      seen: seen ?? valuesOf(request, item),
      form,
      choices: choices.map(choice => ({
        ...choice,
        name: editForm.fields[choice.field].name,
        label: editForm.fields[choice.field].label
      })),
      photos: hashesIn(item.pictures),
      hasPictures,
      operation: newKey(),
      removal: at.list === 'first' ? '/apagar_artigo' : `${at.base}/apagar`,
      ...wrong
    })

  const find = async (request: FastifyRequest, at: ListAt): Promise<Item | undefined> => {
    const id = parseId((request.params as { item: string }).item)
    return id === undefined ? undefined : carts.find(request.work, whereOf(request, at), id)
  }
  /** From a list that is still on the screen one may get to what somebody took off it meanwhile; else there is no such page. */
  const wasThere = async (request: FastifyRequest, reply: FastifyReply, at: ListAt) => {
    const id = parseId((request.params as { item: string }).item)
    const removal = id === undefined ? undefined : await history.removalOf(request.work, whereOf(request, at), [id])
    if (!removal) throw notFound()
    return goneFrom(request, reply, at)
  }
  const goneFrom = (request: FastifyRequest, reply: FastifyReply, at: ListAt) =>
    respondGone(history, request, reply, at, [parseId((request.params as { item: string }).item) ?? 0])

  for (const { prefix, of } of places) {
    const hereOf = (request: FastifyRequest): ListAt => {
      const at = of(request.params)
      if (!at) throw notFound()
      return at
    }

    // What was typed before a login is in the query, as far as there was room for it.
    app.get<{ Querystring: RawForm }>(`${prefix}/artigo/:item`, async (request, reply) => {
      const at = hereOf(request)
      const item = await find(request, at)
      if (!item) return wasThere(request, reply, at)
      const now = valuesOf(request, item)
      const was = Object.fromEntries(Object.entries(now).map(([name, value]) => [`seen_${name}`, value]))
      const kept = { ...now, ...was, ...request.query }
      return show(
        request,
        reply,
        at,
        { item, form: editForm.typed(kept), seen: seenOf(kept), choices: [] },
        nothingWrong
      )
    })

    app.post(
      `${prefix}/artigo/:item`,
      { config: { form: sentForm, page: `${prefix}/artigo/:item` } },
      async (request, reply) => {
        const at = hereOf(request)
        const fields = fieldsOf(request)
        const form = editForm.typed(fields)
        const checked = editForm.check(fields)
        const refused = (status: number, error: string, shown: Shown) => ({
          status,
          error,
          page: (wrong: Wrong) => show(request, reply, at, shown, wrong)
        })
        if (!checked.ok) {
          const item = await find(request, at)
          if (!item) return goneFrom(request, reply, at)
          return respond(request, reply, {
            ...refused(400, 'invalid', { item, form, seen: seenOf(fields), choices: [] }),
            errors: checked.errors
          })
        }
        const id = parseId((request.params as { item: string }).item)
        if (id === undefined) throw notFound()

        const before = editForm.check(seenOf(fields))
        const names = Object.keys(editForm.fields) as FieldName[]
        const changed = names.filter(name => {
          if (typed(fields, `pick_${editForm.fields[name].name}`) === 'theirs') return false
          return !before.ok || before.value[name] !== checked.value[name]
        })
        const where = whereOf(request, at)
        if (changed.length === 0) {
          return respond(request, reply, {
            goTo: `${at.base}/`,
            flash: { kind: 'info', key: 'flash.unchanged', params: { type: checked.value.type } }
          })
        }
        const edits = Object.fromEntries(
          changed.map(name => [
            name,
            { value: checked.value[name], ...(before.ok ? { seen: before.value[name] } : {}) }
          ])
        )
        const operation = typed(fields, 'operation')
        const key =
          operation === '' ? undefined : digest(operation, 'edit', id, ...changed.map(name => checked.value[name]))
        const result = await carts.edit(request.work, where, id, edits, key)
        switch (result.status) {
          case 'noList':
            throw notFound()
          case 'notThere':
            return goneFrom(request, reply, at)
          case 'stale':
            throw new Error('no version was asked for')
          case 'outOfBounds':
            throw new Error('the form checks quantities')
          case 'reused': {
            const item = await find(request, at)
            if (!item) return goneFrom(request, reply, at)
            return respond(request, reply, {
              ...refused(409, 'operation_reused', { item, form, seen: seenOf(fields), choices: [] }),
              message: translateFor(request)('operation.reusedAction')
            })
          }
          case 'conflict': {
            const { item } = result
            if (!item) return goneFrom(request, reply, at)
            const [theirs, mine] = [valuesOf(request, item), form]
            const choices = result.conflicts.map(({ field }) => {
              const name = editForm.fields[field as FieldName].name
              return { field: field as FieldName, theirs: theirs[name] ?? '', yours: mine[name] ?? '' }
            })
            return respond(request, reply, {
              ...refused(409, 'conflict', { item, form, choices }),
              message: translateFor(request)('item.conflict')
            })
          }
        }
        return respond(request, reply, {
          goTo: `${at.base}/`,
          flash: {
            kind: 'success',
            key: 'flash.edited',
            params: { type: result.item?.type ?? checked.value.type },
            undo: { path: `${at.base}/anular`, version: result.version }
          },
          json: { status: result.status, version: result.version }
        })
      }
    )
  }
}

/** The values that were on the page, under the names of the fields. */
const seenOf = (fields: RawForm): Record<string, string> =>
  Object.fromEntries(Object.values(editForm.fields).map(({ name }) => [name, typed(fields, `seen_${name}`)]))
