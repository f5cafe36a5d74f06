import { get, make, setText } from '../shared/dom.ts'
import { type MessageKey, say } from '../shared/texts.ts'
import type { Fault } from './fault-list.ts'
import { compared, signs } from './ledger.ts'
import { clock, whole } from './numbers.ts'
import { type CheckedResult, createWriter, type LedgerView, type Writer } from './writer.ts'

const shownItems = 6

const doingTexts: Partial<Record<LedgerView['doing'], MessageKey>> = {
  starting: 'cluster.js.starting',
  writing: 'cluster.js.writing',
  stopping: 'cluster.js.stopped',
  cleaning: 'cluster.js.cleaning',
  cleaned: 'cluster.js.cleaned',
  signedOut: 'cluster.js.signedOut'
}

/** Shows what the writer does, and what came of comparing. Says `faults-compared` and `news` of it to the page. */
class LedgerPanel extends HTMLElement {
  private writer?: Writer
  private lastVerdict?: string

  connectedCallback(): void {
    const writer = createWriter({
      canSignUp: this.getAttribute('signup') === 'open',
      changed: view => this.show(view),
      compared: (result, faults) => this.tell(result, faults)
    })
    this.writer = writer
    get(this, '#write').addEventListener('click', () => writer.toggle())
    get(this, '#clean').addEventListener('click', () => writer.clean())
    get(this, '#check').addEventListener('click', () => writer.compareSoon())
    void writer.run()
  }

  /** The fault gets its `result` from the next comparison. */
  compareSoon(fault: Fault): void {
    this.writer?.compareSoon(fault)
  }

  private show(view: LedgerView): void {
    this.showVerdict(view)
    const { book, doing, problem, lastResult } = view
    const { added, removed } = book.totals
    const parts = lastResult
      ? [
          say('cluster.js.checkedAt', { time: clock.format(lastResult.at) }),
          say('cluster.js.totals', { added: whole.format(added), removed: whole.format(removed) }),
          ...(book.staleReads > 0 ? [say('cluster.js.stale', { count: whole.format(book.staleReads) })] : [])
        ]
      : []
    setText(get(this, '#totals'), parts.join(' '))
    setText(get(this, '#doing'), describe(view))
    const isWriting = doing === 'writing' || doing === 'starting'
    setText(get(this, '#write'), say(isWriting ? 'cluster.js.stop' : 'cluster.js.start'))
    get(this, '#closed').hidden = problem?.kind !== 'closed'
    get(this, '#own-list').hidden = problem?.kind !== 'ownList'
    const panel = document.querySelector('session-panel')
    if (view.session !== undefined) panel?.show(view.session, view.servedBy)
    panel?.showLogins(view.repeatedLogins)
  }

  private showVerdict({ lastResult, isListSilent, book }: LedgerView): void {
    const verdict = get(this, '.verdict')
    const state = isListSilent ? 'unread' : (lastResult?.verdict ?? 'nothing')
    verdict.dataset.verdict = state
    setText(get(verdict, '.sign'), signs[state])
    setText(get(verdict, '.said'), say(`cluster.js.${state}`))
    const { lost = [], duplicated = [], resurrected = [], acknowledged = 0, present = 0 } = lastResult ?? {}
    const evidence = [
      ...listed('cluster.js.lost', lost),
      ...listed('cluster.js.twice', duplicated),
      ...listed('cluster.js.cameBack', resurrected)
    ]
    const list = get(verdict, '.evidence')
    if (list.textContent !== evidence.join('')) list.replaceChildren(...evidence.map(text => make('li', '', text)))
    const wrong = { lost: lost.length, duplicated: duplicated.length, resurrected: resurrected.length }
    // In doubt: sent, not answered, and to be sent again.
    const figures = { acknowledged, present, ...wrong, inDoubt: isInDoubt(book) ? 1 : 0 }
    for (const [name, value] of Object.entries(figures)) {
      const figure = get(this, `[data-figure="${name}"]`)
      setText(figure, whole.format(value))
      figure.parentElement?.classList.toggle('bad', value > 0 && name in wrong)
    }
  }

  private tell(result: CheckedResult, faults: Fault[]): void {
    for (const fault of faults) fault.result = result
    if (faults.length > 0) this.dispatchEvent(new CustomEvent('faults-compared', { bubbles: true }))
    const isNews = faults.length > 0 || (this.lastVerdict !== undefined && result.verdict !== this.lastVerdict)
    this.lastVerdict = result.verdict
    if (!isNews || result.verdict === 'nothing') return
    const detail = `${say(`cluster.js.${result.verdict}`)}: ${say('cluster.js.compared', compared(result))}`
    this.dispatchEvent(new CustomEvent('news', { bubbles: true, detail }))
  }
}

const isInDoubt = ({ pending }: LedgerView['book']): boolean => (pending?.tries ?? 0) > 1

function listed(key: MessageKey, items: string[]): string[] {
  if (items.length === 0) return []
  const more = items.length > shownItems ? ' …' : ''
  return [say(key, { items: items.slice(0, shownItems).join(', ') + more })]
}

function describe({ doing, problem, book, isUnanswered }: LedgerView): string {
  if (problem?.kind === 'refused') return say('cluster.js.refused', { message: problem.message })
  if (isInDoubt(book)) return say('cluster.js.retrying', { item: book.pending?.item })
  if (isUnanswered && doing !== 'nothing') return say('cluster.js.unanswered')
  const key = doingTexts[doing] ?? (book.next > 1 ? 'cluster.js.stopped' : undefined)
  return key ? say(key) : ''
}

declare global {
  interface HTMLElementTagNameMap {
    'ledger-panel': LedgerPanel
  }
}
customElements.define('ledger-panel', LedgerPanel)
