import type { FastifyRequest } from 'fastify'
import { badRequest } from '../../errors.ts'
import type { RawForm } from '../../fields.ts'
import { wantsJson } from '../../http/language.ts'
import type { MessageKey, Params, Said } from '../../i18n/index.ts'
import { keyOf, ticksOf } from './row-forms.ts'
import type { Carts, Done, Refused, Where } from './rules.ts'

/** What is said of it, to be translated. */
export interface Message {
  key: MessageKey
  params?: Params
}

type Ticked = Done<{ missing: number[]; asked: number[]; message: Message }> | Refused

/**
 * Ticks and unticks what a request's boxes say, under a key of its own. Without scripts every button of the list sends the
 * boxes, so each saves them first. Undefined where there is nothing to save.
 */
export async function saveBoxes(
  carts: Carts,
  request: FastifyRequest,
  where: Where,
  fields: RawForm
): Promise<Ticked | undefined> {
  const ticks = ticksOf(fields)
  if (!ticks) throw badRequest()
  const { done, open } = ticks
  const asked = [...done, ...open]
  if (asked.length === 0) return undefined
  const result = await carts.tick(request.work, where, ticks, keyOf(fields, 'tick', ...done, '|', ...open))
  if (result.status === 'reused' || result.status === 'noList') return result
  const found = asked.filter(id => !result.missing.includes(id))
  const isTicked = done.length > 0
  // Who has no script is told of one item by its name.
  const [only] = found
  const item =
    only !== undefined && found.length === 1 && !wantsJson(request)
      ? await carts.find(request.work, where, only)
      : undefined
  const message: Message = item
    ? { key: isTicked ? 'flash.ticked' : 'flash.unticked', params: { type: item.type } }
    : { key: isTicked ? 'flash.tickedMany' : 'flash.untickedMany', params: { count: found.length } }
  return { ...result, asked, message }
}

/** The same where another button was pressed: what a page's boxes say is not lost by that. */
export async function saveBoxesToo(
  carts: Carts,
  request: FastifyRequest,
  where: Where,
  fields: RawForm
): Promise<Said[] | undefined> {
  if (fields.boxes === undefined) return undefined
  const saved = await saveBoxes(carts, request, where, fields)
  return saved && 'missing' in saved ? alsoGone(saved.missing) : undefined
}

/** What is said besides of those that were ticked and are there no more. */
export const alsoGone = (missing: readonly number[]): Said[] | undefined =>
  missing.length > 0 ? [{ key: 'flash.goneToo', params: { count: missing.length } }] : undefined
