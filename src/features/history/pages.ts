import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { notFound } from '../../errors.ts'
import type { RawForm } from '../../fields.ts'
import { fieldsOf } from '../../http/forms.ts'
import { languageOf, translateFor, wantsJson } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { respond } from '../../http/respond.ts'
import { keyOf, refuseButton } from '../../http/told.ts'
import { formatDateTime } from '../../i18n/index.ts'
import { newKey } from '../../keys.ts'
import type { ItemContent } from '../../store/change.ts'
import { type ListAt, places } from '../items/list-at.ts'
import { formatAmount } from '../items/quantity.ts'
import { parseVersion } from '../items/row-forms.ts'
import { type Carts, MAX_ITEMS } from '../items/rules.ts'
import { listAt } from '../lists/places.ts'
import type { Lists } from '../lists/rules.ts'
import { listButtons } from '../lists/schema.ts'
import { problemText } from '../pictures/problems.ts'
import type { Pictures } from '../pictures/rules.ts'
import { groupByShop, unordered } from '../shops/groups.ts'
import type { Entry, History, UndoOutcome } from './rules.ts'
import { inWords, type Known } from './words.ts'

const SHORT = { compress: false } as const
/** So far back the list is read as it was, for what its items were called; further it is not worth the reading. */
const NEAR = 3000

interface Parts {
  history: History
  carts: Carts
  lists: Lists
  pictures: Pictures
}

/** What happened to a list, the list as it was, and the way back. */
export function historyPage(app: FastifyInstance, { history, carts, lists, pictures }: Parts): void {
  const whereOf = (request: FastifyRequest, { list }: ListAt) => ({ accountId: getAccount(request).id, list })

  const read = async (request: FastifyRequest, at: ListAt | undefined) => {
    const all = at ? await lists.all(request.work, getAccount(request).id) : []
    const list = at && listAt(all, at)
    if (!at || !list) throw notFound()
    const t = translateFor(request)
    return { at, list, all, name: list.name || t('list.title') }
  }
  type Read = Awaited<ReturnType<typeof read>>

  /** Entries in words, each with what its items were at that moment: changes say no more than what they changed. */
  const tell = async (request: FastifyRequest, { at, list, all }: Read, entries: readonly Entry[]) => {
    const t = translateFor(request)
    const lang = languageOf(request)
    const oldestFirst = entries.toReversed()
    const states = stateBefore(oldestFirst)
    const [latest] = entries
    if (latest && [...states.values()].some(isPartial)) {
      const where = whereOf(request, at)
      const isDeep = latest.version < list.version
      const near = isDeep && list.version - latest.version <= NEAR
      const then = near ? await history.asItWas(request.work, where, latest.version) : undefined
      const items = then?.items ?? (await carts.view(request.work, where))?.items ?? []
      for (const item of items) if (states.has(item.id)) states.set(item.id, { ...item, ...states.get(item.id) })
    }
    const known: Known = {
      t,
      lang,
      item: id => states.get(id),
      list(id) {
        const found = all.find(one => one.id === id)
        return found && (found.name || t('list.title'))
      }
    }
    const texts = new Map<number, string>()
    for (const entry of oldestFirst) {
      texts.set(entry.version, inWords(entry, known))
      for (const { id, after } of entry.detail.items) states.set(id, { ...states.get(id), ...after })
    }
    return (entry: Entry) => ({
      version: entry.version,
      kind: entry.kind,
      text: texts.get(entry.version) ?? '',
      who: entry.who ?? t('history.nobody'),
      when: formatDateTime(lang, new Date(entry.at)),
      at: new Date(entry.at).toISOString(),
      canUndo: entry.canUndo,
      undoneBy: entry.undoneBy
    })
  }

  /** Whatever became of taking something back. */
  const answer = (
    request: FastifyRequest,
    reply: FastifyReply,
    base: string,
    result: UndoOutcome,
    done: 'flash.tookBack' | 'flash.wentBack'
  ) => {
    const goTo = `${base}/historico`
    switch (result.status) {
      case 'noList':
      case 'notThere':
        throw notFound()
      case 'reused':
        return refuseButton(request, reply, { goTo, error: 'operation_reused', key: 'lists.reused' })
      case 'full':
        return refuseButton(request, reply, { goTo, error: 'list_full', key: 'list.full', params: { max: MAX_ITEMS } })
      case 'undone':
        return refuseButton(request, reply, { goTo, error: 'undone', key: 'history.refused.undone' })
      case 'tooOld':
        return refuseButton(request, reply, { goTo, error: 'too_old', key: 'history.refused.tooOld' })
      case 'overtaken':
        return refuseButton(request, reply, { goTo, error: 'overtaken', key: 'history.refused.overtaken' })
      case 'moved':
        return refuseButton(request, reply, { goTo, error: 'moved', key: 'history.refused.moved' })
    }
    return respond(request, reply, {
      goTo,
      flash: { kind: 'success', key: done },
      json: { status: result.status, version: result.version }
    })
  }

  for (const { prefix, page, of } of places) {
    app.get<{ Querystring: RawForm }>(`${prefix}/historico`, async (request, reply) => {
      const here = await read(request, of(request.params))
      const before = parseVersion(request.query.antes)
      const where = whereOf(request, here.at)
      const { entries, older } = await history.page(request.work, where, before === undefined ? {} : { before })
      const shown = entries.map(await tell(request, here, entries))
      const { base } = here.at
      return respond(request, reply, {
        json: () => ({ version: here.list.version, changes: shown, older: older ?? null }),
        page: () =>
          reply.page('history', {
            base,
            name: here.name,
            entries: shown,
            latest: here.list.version,
            newer: before === undefined ? null : `${base}/historico`,
            older: older === undefined ? null : `${base}/historico?antes=${older}`,
            operation: newKey()
          })
      })
    })

    app.get(`${prefix}/historico/:version`, async (request, reply) => {
      const here = await read(request, of(request.params))
      const version = parseVersion((request.params as { version: string }).version)
      const where = whereOf(request, here.at)
      const then = version === undefined ? undefined : await history.asItWas(request.work, where, version)
      if (!then) throw notFound()
      const { entries } = await history.page(request.work, where, { before: then.version + 1, limit: 1 })
      const entry = entries.find(one => one.version === then.version)
      const told = entry && (await tell(request, here, [entry]))(entry)
      const lang = languageOf(request)
      // As they are walked to today: orders of shops are the account's, and have no history.
      const ordering = wantsJson(request) ? undefined : (await carts.view(request.work, where))?.ordering
      const rows = then.items.map(({ id, type, thousandths, unit, shop, note, doneAt }) => ({
        id,
        type,
        shop,
        note,
        amount: formatAmount(thousandths, unit, lang),
        isDone: doneAt !== null
      }))
      const photosOf = new Map(then.items.map(item => [item.id, pictures.hashesOf(item)]))
      const hadPhotos = [...photosOf.values()].some(hashes => hashes.length > 0)
      const kept =
        hadPhotos && !wantsJson(request) ? await pictures.kept(request.work, where.accountId) : new Set<string>()
      const { problem } = pictures.files
      const withPhotos = (row: (typeof rows)[number]) => {
        const all = photosOf.get(row.id) ?? []
        const photos = all.filter(hash => kept.has(hash))
        return { ...row, photos: problem === undefined ? photos : [], lost: all.length - photos.length }
      }
      return respond(request, reply, {
        json: () => ({ version: then.version, items: rows }),
        page: () =>
          reply.page('as-it-was', {
            problem: hadPhotos && problem !== undefined ? problemText(problem) : null,
            base: here.at.base,
            name: here.name,
            version: then.version,
            entry: told ?? null,
            groups: groupByShop(rows.filter(({ isDone }) => !isDone).map(withPhotos), ordering ?? unordered),
            done: rows.filter(({ isDone }) => isDone).map(withPhotos),
            isLatest: then.version === here.list.version,
            operation: newKey()
          })
      })
    })

    for (const [path, kind] of [
      ['anular', 'undo'],
      ['repor', 'undoSince']
    ] as const) {
      app.post(
        `${prefix}/historico/:version/${path}`,
        { ...SHORT, config: { form: listButtons, page } },
        async (request, reply) => {
          const { at } = await read(request, of(request.params))
          const version = parseVersion((request.params as { version: string }).version)
          if (version === undefined) throw notFound()
          const key = keyOf(fieldsOf(request), kind, version)
          const result = await history[kind](request.work, whereOf(request, at), version, key)
          return answer(request, reply, at.base, result, kind === 'undo' ? 'flash.tookBack' : 'flash.wentBack')
        }
      )
    }
  }
}

type State = Partial<ItemContent>

const isPartial = ({ type, thousandths, unit }: State): boolean =>
  type === undefined || thousandths === undefined || unit === undefined

/** What items were before the first of these changes, as far as they tell. */
function stateBefore(oldestFirst: readonly Entry[]): Map<number, State> {
  const states = new Map<number, State>()
  for (const { detail } of oldestFirst) {
    for (const { id, before, after } of detail.items) states.set(id, { ...(before ?? after), ...states.get(id) })
  }
  return states
}
