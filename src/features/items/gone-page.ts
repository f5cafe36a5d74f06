import type { FastifyReply, FastifyRequest } from 'fastify'
import { fieldsOf } from '../../http/forms.ts'
import { translateFor } from '../../http/language.ts'
import { getAccount } from '../../http/members.ts'
import { respond } from '../../http/respond.ts'
import type { History, Removal } from '../history/rules.ts'
import type { Message } from './boxes-page.ts'
import type { ListAt } from './list-at.ts'
import { lookOf, placeOf } from './look.ts'

/** What is said of items that are on the list no more. */
function messageOf(removal: Removal | undefined, count: number): Message {
  if (!removal) return { key: 'flash.gone' }
  if (count > 1) return { key: 'flash.goneMany', params: { count } }
  return { key: removal.isMove ? 'flash.goneElsewhere' : 'flash.goneOne', params: { type: removal.type } }
}

/**
 * Nothing was done to these items, as somebody took them off the list meanwhile: says so, and offers to take that back where
 * it is known how they went.
 */
export async function respondGone(
  history: History,
  request: FastifyRequest,
  reply: FastifyReply,
  at: ListAt,
  ids: readonly number[],
  json?: object
): Promise<unknown> {
  const where = { accountId: getAccount(request).id, list: at.list }
  const removal = await history.removalOf(request.work, where, ids)
  const message = messageOf(removal, ids.length)
  const undo = removal && { path: `${at.base}/anular`, version: removal.version }
  return respond(request, reply, {
    goTo: placeOf(at, lookOf(fieldsOf(request))),
    flash: { kind: 'info', ...message, ...(undo ? { undo } : {}) },
    ...(json && {
      json: {
        ...json,
        message: translateFor(request)(message.key, message.params),
        ...(removal && { removedBy: removal.version })
      }
    })
  })
}
