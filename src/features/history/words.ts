import type { Language, MessageKey, Params, Translate } from '../../i18n/index.ts'
import type { ItemContent } from '../../store/change.ts'
import { type ItemChange, isTouched } from '../../store/detail.ts'
import { isolated } from '../../text.ts'
import { formatAmount } from '../items/quantity.ts'
import type { Entry } from './rules.ts'

/** What is known of items and lists beside what a change says of them. */
export interface Known {
  t: Translate
  lang: Language
  item(id: number): Partial<ItemContent> | undefined
  /** A list's name; undefined for one that is gone. */
  list(id: number): string | undefined
}

/** Names that are written out; the others are counted. */
const NAMED = 4

type Words = Partial<Record<'one' | 'many', MessageKey>>
const OF_ITEMS = {
  added: { one: 'history.added', many: 'history.addedMany' },
  removed: { one: 'history.removed', many: 'history.removedMany' },
  cleared: { one: 'history.cleared', many: 'history.clearedMany' },
  ticked: { one: 'history.ticked', many: 'history.tickedMany' },
  unticked: { one: 'history.unticked', many: 'history.untickedMany' }
} as const satisfies Record<string, Words>

/** What a change did, in a sentence without its subject. */
export function inWords(entry: Entry, known: Known): string {
  const { t } = known
  const { items, list, undoes, since, pair, from } = entry.detail
  const touched = items.filter(isTouched)
  const said = (words: keyof typeof OF_ITEMS, changed: readonly ItemChange[]) =>
    changed.length === 1
      ? t(OF_ITEMS[words].one, { name: nameOf(changed[0] as ItemChange, known) })
      : t(OF_ITEMS[words].many, { count: changed.length, names: namesOf(changed, known) })
  const listCalled = (id: number | undefined) =>
    (id === undefined ? undefined : known.list(id)) ?? t('history.otherList')
  const counted = (key: MessageKey, params: Params = {}) =>
    t(key, { ...params, count: touched.length, names: namesOf(touched, known) })

  switch (entry.kind) {
    case 'make':
      return t(list?.after.isTemplate ? 'history.madeTemplate' : 'history.made', { name: list?.after.name ?? '' })
    case 'rename':
      return t('history.renamed', { before: list?.before.name || t('list.title'), after: list?.after.name ?? '' })
    case 'template':
      return t(list?.after.isTemplate ? 'history.isTemplate' : 'history.isNoTemplate')
    case 'away':
      return t('history.away')
    case 'back':
      return t('history.back')
    case 'drop':
      return t('history.dropped')
    case 'restore':
      return t('history.restored')
    case 'undo':
      return undoes === undefined
        ? t('history.undidSince', { version: since ?? 0 })
        : t('history.undid', { version: undoes })
  }
  if (touched.length === 0) return t('history.nothing')
  switch (entry.kind) {
    case 'remove':
      return said('removed', touched)
    case 'clear':
      return said('cleared', touched)
    case 'picture': {
      const [change] = touched as [ItemChange]
      const isMore = (change.after?.pictures ?? '').length > (change.before?.pictures ?? '').length
      return t(isMore ? 'history.pictureAdded' : 'history.pictureRemoved', { name: nameOf(change, known) })
    }
    case 'copy':
      return counted('history.copied', { list: listCalled(from) })
    case 'move':
      return counted(touched[0]?.after === null ? 'history.movedAway' : 'history.movedHere', {
        list: listCalled(pair?.listId)
      })
    case 'tick': {
      const done = touched.filter(({ after }) => after?.doneAt)
      const open = touched.filter(({ after }) => !after?.doneAt)
      return [
        ...(done.length > 0 ? [said('ticked', done)] : []),
        ...(open.length > 0 ? [said('unticked', open)] : [])
      ].join(' ')
    }
  }
  const added = touched.filter(({ before }) => before === null)
  const edited = touched.filter(({ before, after }) => before !== null && after !== null)
  const sentences = added.length > 0 ? [said('added', added)] : []
  for (const change of edited.slice(0, NAMED)) sentences.push(editInWords(change, known))
  if (edited.length > NAMED) sentences.push(t('history.andMore', { count: edited.length - NAMED }))
  return sentences.join(' ')
}

/** `2 kg de laranjas` would need a grammar; `laranjas (2 kg)` does not. */
function nameOf({ id, before, after }: ItemChange, { t, lang, item }: Known): string {
  const known = { ...item(id), ...before, ...after }
  if (known.type === undefined) return t('history.someItem')
  const { type, thousandths = 1000, unit = '' } = known
  const isNew = before === null || after === null
  return isNew && (thousandths !== 1000 || unit !== '')
    ? `${isolated(type)} (${isolated(formatAmount(thousandths, unit, lang))})`
    : isolated(type)
}

function namesOf(changes: readonly ItemChange[], known: Known): string {
  const names = changes.slice(0, NAMED).map(change => nameOf(change, known))
  const more = changes.length - names.length
  return more > 0 ? known.t('history.namesAndMore', { names: names.join(', '), count: more }) : names.join(', ')
}

/** One item's fields, each with what it was and what it became. */
function editInWords(change: ItemChange, known: Known): string {
  const { t, lang, item } = known
  const { before, after } = change
  const all = { ...item(change.id), ...before }
  const parts: string[] = []
  const was = { thousandths: all.thousandths ?? 1000, unit: all.unit ?? '' }
  const became = { ...was, ...pickAmount(after) }
  if (was.thousandths !== became.thousandths || was.unit !== became.unit) {
    const amount = (it: typeof was) => formatAmount(it.thousandths, it.unit, lang)
    parts.push(t('history.field.amount', { before: amount(was), after: amount(became) }))
  }
  for (const field of ['type', 'shop', 'note'] as const) {
    const [from, to] = [before?.[field], after?.[field]]
    if (to === undefined || from === to) continue
    const none = t('history.field.none')
    parts.push(t(`history.field.${field}`, { before: from || none, after: to || none }))
  }
  if (after?.doneAt !== undefined && before?.doneAt !== after.doneAt) {
    parts.push(t(after.doneAt === null ? 'history.field.open' : 'history.field.done'))
  }
  const name = before?.type ?? nameOf({ ...change, after: null }, { ...known, item: () => undefined })
  return t('history.edited', { name: before?.type ?? item(change.id)?.type ?? name, what: parts.join('; ') })
}

const pickAmount = (content: Partial<ItemContent> | null) => ({
  ...(content?.thousandths !== undefined && { thousandths: content.thousandths }),
  ...(content?.unit !== undefined && { unit: content.unit })
})
