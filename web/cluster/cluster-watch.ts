import { get, setText } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'
import type { Fault } from './fault-list.ts'
import { absenceFinder, type Gap, gapFinder } from './gaps.ts'
import { letter, markMaker, number } from './marks.ts'
import { whole } from './numbers.ts'
import { type Identity, type Question, startAsking } from './questions.ts'

/** Slower answers count as gaps: a person notices them. */
const slowMs = 600
/** Gaps that follow each other as closely are one fault. */
const sameFaultMs = 1_500

interface AskedQuestion extends Question {
  cell?: Element
}

interface GapFault extends Fault {
  toMs: number
  ms: number
  failures: number
  cell: Element | undefined
}

const gapTexts = { gap: 'cluster.js.gap', 'gap database': 'cluster.js.databaseGap' } as const

/** Around the whole page: asks who answers, and tells the panels what came of it. */
class ClusterWatch extends HTMLElement {
  private readonly servers = markMaker(letter)
  private readonly nodes = markMaker(number)
  private readonly webGaps = gapFinder<AskedQuestion>(({ answer }) => answer !== undefined, slowMs)
  private readonly databaseGaps = gapFinder<AskedQuestion>(({ answer }) => answer?.node !== undefined, slowMs)
  private readonly absences = { web: absenceFinder(), database: absenceFinder() }
  private failures = 0
  private lastGoodAt: number | undefined
  /** The balancer that has the virtual address. */
  private holder: string | undefined
  private isPaused = false

  connectedCallback(): void {
    // Once the page is whole; what needs scripts is shown, what says that they do not run is hidden.
    for (const id of ['pause', 'restart', 'answers', 'faults', 'counts', 'ledger']) get(this, `#${id}`).hidden = false
    for (const element of this.querySelectorAll<HTMLElement>('[data-without-scripts]')) element.hidden = true

    const asking = startAsking({
      sent: question => this.sent(question),
      settled: question => this.settled(question),
      interrupted: () => this.forget()
    })
    get(this, '#pause').addEventListener('click', ({ currentTarget }) => {
      this.isPaused = !this.isPaused
      asking.pause(this.isPaused)
      setText(currentTarget as Element, say(this.isPaused ? 'cluster.js.resume' : 'cluster.js.pause'))
      this.showPulse()
    })
    get(this, '#restart').addEventListener('click', () => {
      asking.pause(this.isPaused)
      this.restart()
    })
    this.addEventListener('faults-compared', () => this.panel('fault-list').draw())
    this.addEventListener('news', event => this.announce((event as CustomEvent<string>).detail))
    setInterval(() => this.showPulse(), 250)
  }

  private panel<Tag extends keyof HTMLElementTagNameMap>(tag: Tag): HTMLElementTagNameMap[Tag] {
    return get<HTMLElementTagNameMap[Tag]>(this, tag)
  }

  /** Read out by screen readers: what happened, not each answer. */
  private announce(text: string): void {
    setText(get(this, '#announce'), text)
  }

  private sent(question: AskedQuestion): void {
    question.cell = this.panel('answer-strip').take()
    this.webGaps.add(question)
    this.databaseGaps.add(question)
  }

  private settled({ answer, cell, arrivedAt }: AskedQuestion): void {
    if (answer && cell) this.answered(answer, cell, arrivedAt ?? 0)
    else {
      this.failures += 1
      if (cell) this.panel('answer-strip').fail(cell)
    }
    const gaps = this.webGaps.takeEnded()
    for (const gap of gaps) this.noteGap('gap', gap)
    for (const gap of this.databaseGaps.takeEnded()) {
      // Without a web server there is no database either: that is told once.
      if (!gaps.some(({ toMs }) => Math.abs(toMs - gap.toMs) < 50)) this.noteGap('gap database', gap)
    }
    this.panel('answer-shares').draw()
  }

  private answered(answer: Identity, cell: Element, arrivedAt: number): void {
    const server = this.servers(answer.server)
    const node = answer.node ? this.nodes(answer.node) : undefined
    const shares = this.panel('answer-shares')
    shares.count(server, false)
    if (node) shares.count(node, true)
    this.panel('answer-strip').answer(cell, server, node)
    this.panel('request-path').show(answer, server, node)
    this.lastGoodAt = Math.max(this.lastGoodAt ?? 0, arrivedAt)
    this.hear(answer)
  }

  private hear({ server, node, balancer, address }: Identity): void {
    const changes = [...this.absences.web.heard(server), ...(node ? this.absences.database.heard(node) : [])]
    for (const { change, name } of changes) {
      this.note({ kind: change, at: Date.now(), text: say(`cluster.js.${change}`, { name }) })
    }
    if (!address || !balancer) return
    if (this.holder && this.holder !== balancer) {
      this.note({ kind: 'holder', at: Date.now(), text: say('cluster.js.holder', { name: balancer }) })
    }
    this.holder = balancer
  }

  private note(fault: Fault): void {
    this.announce(fault.text)
    this.panel('fault-list').add(fault)
    this.panel('ledger-panel').compareSoon(fault)
  }

  private noteGap(kind: keyof typeof gapTexts, { fromMs, toMs, ms, failures, question }: Gap<AskedQuestion>): void {
    const { cell, at } = question
    const strip = this.panel('answer-strip')
    if (cell) strip.label(cell, say('cluster.js.gapMark', { ms: whole.format(ms) }))
    const isSameKind = (fault: Fault): fault is GapFault => fault.kind === kind
    const last = this.panel('fault-list').find(isSameKind)
    if (!last || fromMs - last.toMs >= sameFaultMs) {
      const gap: GapFault = { kind, at, text: describeGap(kind, ms, failures), toMs, ms, failures, cell }
      this.note(gap)
      return
    }
    const [longer, shorter] = ms >= last.ms ? [cell, last.cell] : [last.cell, cell]
    if (shorter) strip.unlabel(shorter)
    Object.assign(last, { cell: longer, ms: Math.max(ms, last.ms), failures: last.failures + failures, toMs })
    last.text = describeGap(kind, last.ms, last.failures)
    this.panel('fault-list').draw()
    this.panel('ledger-panel').compareSoon(last)
  }

  /** After an interruption. Not who answered: one that died while this browser was busy is missed after it. */
  private forget(): void {
    this.panel('answer-strip').drop()
    for (const finder of [this.webGaps, this.databaseGaps]) finder.forget()
    this.lastGoodAt = undefined
    this.holder = undefined
  }

  private restart(): void {
    for (const finder of [this.absences.web, this.absences.database]) finder.forget()
    this.panel('answer-strip').clear()
    this.panel('answer-shares').clear()
    this.panel('fault-list').clear()
    this.failures = 0
  }

  private showPulse(): void {
    this.panel('answer-pulse').show({
      isPaused: this.isPaused,
      silentMs: this.lastGoodAt === undefined ? undefined : performance.now() - this.lastGoodAt,
      slowMs,
      good: this.panel('answer-shares').answers,
      failed: this.failures
    })
  }
}

function describeGap(kind: keyof typeof gapTexts, ms: number, failures: number): string {
  const lost = failures > 0 ? `, ${say('cluster.js.failures', { count: failures })}` : ''
  return say(gapTexts[kind], { ms: whole.format(ms) }) + lost
}

customElements.define('cluster-watch', ClusterWatch)
