// Shows what the writer does, and what came of comparing.

import { createWriter } from './writer.js'

const byId = id => document.getElementById(id)
const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text
}

const signs = { good: '✓', bad: '✕', nothing: '–', unread: '…' }
const shownItems = 6

/** `redraw` is called when faults that `compareSoon` was given have their `result`. */
export function createLedgerPanel({ root, texts, fill, clock, whole, announce, redraw }) {
  const verdict = root.querySelector('.verdict')
  const session = byId('session')
  let lastVerdict

  const sentence = ({ acknowledged, present, lost, duplicated }) =>
    fill(texts.compared, { acknowledged, present, lost: lost.length, twice: duplicated.length })

  const listed = (text, items) => {
    const more = items.length > shownItems ? ' …' : ''
    return fill(text, { items: items.slice(0, shownItems).join(', ') + more })
  }

  function drawVerdict({ lastResult, isListSilent, book }) {
    const state = isListSilent ? 'unread' : (lastResult?.verdict ?? 'nothing')
    verdict.dataset.verdict = state
    setText(verdict.querySelector('.sign'), signs[state])
    setText(verdict.querySelector('.said'), texts[state])
    const { lost = [], duplicated = [], resurrected = [], acknowledged = 0, present = 0 } = lastResult ?? {}
    const evidence = [
      lost.length > 0 && listed(texts.lost, lost),
      duplicated.length > 0 && listed(texts.twice, duplicated),
      resurrected.length > 0 && listed(texts.cameBack, resurrected)
    ].filter(Boolean)
    const list = verdict.querySelector('.evidence')
    if (list.textContent !== evidence.join('')) {
      list.replaceChildren(...evidence.map(text => Object.assign(document.createElement('li'), { textContent: text })))
    }
    const figures = {
      acknowledged,
      present,
      lost: lost.length,
      duplicated: duplicated.length,
      resurrected: resurrected.length,
      // Sent, not answered, and to be sent again.
      inDoubt: book.pending?.tries > 1 ? 1 : 0
    }
    for (const [name, value] of Object.entries(figures)) {
      const figure = root.querySelector(`[data-figure="${name}"]`)
      setText(figure, whole.format(value))
      const isWrong = value > 0 && ['lost', 'duplicated', 'resurrected'].includes(name)
      figure.parentElement.classList.toggle('bad', isWrong)
    }
  }

  function describeDoing({ doing, problem, book, isUnanswered }) {
    if (problem?.kind === 'refused') return fill(texts.refused, problem)
    if (book.pending?.tries > 1) return fill(texts.retrying, book.pending)
    if (isUnanswered && doing !== 'nothing') return texts.unanswered
    const said = {
      starting: texts.starting,
      writing: texts.writing,
      stopping: texts.stopped,
      cleaning: texts.cleaning,
      cleaned: texts.cleaned,
      signedOut: texts.signedOut
    }
    return said[doing] ?? (book.next > 1 ? texts.stopped : '')
  }

  function changed(state) {
    const { book, doing, problem, lastResult } = state
    drawVerdict(state)
    const { added, removed } = book.totals
    const parts = lastResult
      ? [
          fill(texts.checkedAt, { time: clock.format(lastResult.at) }),
          fill(texts.totals, { added: whole.format(added), removed: whole.format(removed) }),
          ...(book.staleReads > 0 ? [fill(texts.stale, { count: whole.format(book.staleReads) })] : [])
        ]
      : []
    setText(byId('totals'), parts.join(' '))
    setText(byId('doing'), describeDoing(state))
    const isWriting = doing === 'writing' || doing === 'starting'
    setText(byId('write'), isWriting ? texts.stop : texts.start)
    byId('closed').hidden = problem?.kind !== 'closed'
    byId('own-list').hidden = problem?.kind !== 'ownList'
    if (state.session !== undefined) {
      const { session: mine, servedBy } = state
      const said = mine ? fill(texts.session, { madeOn: mine.madeOn, server: servedBy }) : texts.noSession
      setText(byId('session-text'), said)
    }
    const logins = byId('logins')
    setText(logins.querySelector('strong'), whole.format(state.repeatedLogins))
    session.classList.toggle('bad', state.repeatedLogins > 0)
  }

  function compared(result, faults) {
    for (const fault of faults) fault.result = result
    if (faults.length > 0) redraw()
    const isNews = faults.length > 0 || (lastVerdict !== undefined && result.verdict !== lastVerdict)
    lastVerdict = result.verdict
    if (isNews && result.verdict !== 'nothing') announce(`${texts[result.verdict]}: ${sentence(result)}`)
  }

  const canSignUp = byId('cluster').dataset.signup === 'open'
  const writer = createWriter({ texts, canSignUp, changed, compared })
  byId('write').addEventListener('click', () => writer.toggle())
  byId('clean').addEventListener('click', () => writer.clean())
  byId('check').addEventListener('click', () => writer.compareSoon())
  writer.run()

  return { sentence, compareSoon: fault => writer.compareSoon(fault) }
}
