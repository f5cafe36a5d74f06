// The page for demonstrations: who answers, by which way, and whether anything that was acknowledged is missing.

import { absenceFinder, gapFinder } from './gaps.js'
import { createLedgerPanel } from './ledger-panel.js'
import { letter, markMaker, number } from './marks.js'
import { startAsking } from './questions.js'
import { createStrip } from './strip.js'

const byId = id => document.getElementById(id)
const root = byId('cluster')
const texts = JSON.parse(root.dataset.texts)
const locale = document.documentElement.lang
const fill = (text, params) => text.replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole)
const clock = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit', second: '2-digit' })
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
const tenths = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 })

/** Slower answers count as gaps: a person notices them. */
const slowMs = 600
const keptEvents = 6
/** Gaps that follow each other as closely are one fault. */
const sameFaultMs = 1_500

const make = (tag, className, text = '') => Object.assign(document.createElement(tag), { className, textContent: text })
const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text
}

/** Read out by screen readers: what happened, not each answer. */
const announce = text => setText(byId('announce'), text)

for (const id of ['pause', 'restart', 'answers', 'faults', 'counts', 'ledger', 'logins']) byId(id).hidden = false
for (const element of document.querySelectorAll('[data-without-scripts]')) element.hidden = true

// Who answered

const servers = markMaker(letter)
const nodes = markMaker(number)
const tallies = new Map()
let failures = 0
let lastGoodAt

function chip({ text, colour }, isNode) {
  const element = make('span', isNode ? 'mark node' : 'mark', text)
  element.dataset.colour = colour
  element.setAttribute('aria-hidden', 'true')
  return element
}

function count(mark, isNode) {
  let tally = tallies.get(mark)
  if (!tally) {
    tally = { mark, isNode, count: 0, row: shareRow(mark, isNode) }
    tallies.set(mark, tally)
    drawLegend()
  }
  tally.count += 1
}

const ordered = () => [...tallies.values()].sort((a, b) => a.isNode - b.isNode || a.mark.index - b.mark.index)

function drawLegend() {
  const items = ordered().map(({ mark, isNode }) => {
    const item = make('li', '')
    item.append(chip(mark, isNode), ` ${mark.name}`)
    return item
  })
  const failed = make('li', '')
  failed.append(chip({ text: '✕', colour: 'bad' }), ` ${texts.noAnswer}`)
  byId('legend').replaceChildren(...items, failed)
  byId('shares').replaceChildren(...ordered().map(tally => tally.row))
}

function shareRow(mark, isNode) {
  const row = make('tr', '')
  const name = make('th', '')
  name.scope = 'row'
  name.append(chip(mark, isNode), ` ${mark.name}`)
  const share = make('td', 'share')
  const bar = make('span', 'bar')
  bar.dataset.colour = mark.colour
  if (isNode) bar.classList.add('node')
  share.append(bar, make('span', ''))
  row.append(name, make('td', ''), share)
  return row
}

function drawShares() {
  for (const isNode of [false, true]) {
    const tall = ordered().filter(tally => tally.isNode === isNode)
    const all = tall.reduce((sum, tally) => sum + tally.count, 0)
    for (const { row, count } of tall) {
      setText(row.children[1], whole.format(count))
      row.querySelector('.bar').style.setProperty('--share', String(count / all))
      setText(row.lastChild.lastChild, percent.format(count / all))
    }
  }
}

// The path

function drawPath({ server, node, balancer, address }) {
  const step = name => byId('path').querySelector(`[data-step="${name}"]`)
  const put = (name, text, mark, isNode) => {
    const element = step(name)
    element.hidden = text === undefined
    const strong = element.querySelector('strong')
    if (text === undefined || strong.dataset.shown === text) return
    strong.dataset.shown = text
    strong.replaceChildren(...(mark ? [chip(mark, isNode), ' '] : []), text)
  }
  put('address', address)
  if (address) setText(step('address').querySelector('.more'), balancer ? fill(texts.heldBy, { name: balancer }) : '')
  put('balancer', balancer)
  put('web', server, servers(server), false)
  put('database', node ?? texts.noNode, node && nodes(node), true)
  byId('direct').hidden = balancer !== undefined
}

// Faults and changes

let events = []

function drawEvents() {
  byId('no-events').hidden = events.length > 0
  byId('events').replaceChildren(
    ...events.map(({ at, kind, text, result }) => {
      const item = make('li', kind)
      item.append(make('time', '', clock.format(at)), ' ', make('span', 'what', text))
      if (result)
        item.append(
          ' ',
          make('span', `result ${result.verdict}`, `${signs[result.verdict]} ${ledger.sentence(result)}`)
        )
      return item
    })
  )
}

const signs = { good: '✓', bad: '✕', nothing: '–' }

function note(event) {
  events = [event, ...events].slice(0, keptEvents)
  announce(event.text)
  drawEvents()
  ledger.compareSoon(event)
  return event
}

function noteGap(kind, text, { fromMs, toMs, ms, failures, question }) {
  const describe = event => {
    const lost = event.failures > 0 ? `, ${fill(texts.failures, { count: event.failures })}` : ''
    return fill(text, { ms: whole.format(event.ms) }) + lost
  }
  strip.label(question.cell, fill(texts.gapMark, { ms: whole.format(ms) }))
  const last = events.find(event => event.kind === kind)
  if (last && fromMs - last.toMs < sameFaultMs) {
    strip.unlabel(last.ms > ms ? question.cell : last.cell)
    if (ms >= last.ms) Object.assign(last, { ms, cell: question.cell })
    last.failures += failures
    last.toMs = toMs
    last.text = describe(last)
    drawEvents()
    return ledger.compareSoon(last)
  }
  const event = { kind, at: question.at, toMs, ms, failures, cell: question.cell }
  event.text = describe(event)
  note(event)
}

// The strip

const strip = createStrip(byId('strip'))
const webGaps = gapFinder(question => question.answer !== undefined, slowMs)
const databaseGaps = gapFinder(question => question.answer?.node !== undefined, slowMs)
const absences = { web: absenceFinder(), database: absenceFinder() }
let holder

function hear({ server, node, balancer, address }) {
  const changes = [...absences.web.heard(server), ...(node ? absences.database.heard(node) : [])]
  for (const { change, name } of changes) {
    note({ kind: change, at: Date.now(), text: fill(texts[change], { name }) })
  }
  if (address && balancer) {
    if (holder && holder !== balancer)
      note({ kind: 'holder', at: Date.now(), text: fill(texts.holder, { name: balancer }) })
    holder = balancer
  }
}

function settled(question) {
  const { answer, cell, arrivedAt } = question
  if (answer) {
    const server = servers(answer.server)
    const node = answer.node && nodes(answer.node)
    count(server, false)
    if (node) count(node, true)
    strip.answer(cell, server, node)
    lastGoodAt = Math.max(lastGoodAt ?? 0, arrivedAt)
    drawPath(answer)
    hear(answer)
  } else {
    failures += 1
    strip.fail(cell)
  }
  const gaps = webGaps.takeEnded()
  for (const gap of gaps) noteGap('gap', texts.gap, gap)
  for (const gap of databaseGaps.takeEnded()) {
    // Without a web server there is no database either: that is told once.
    if (!gaps.some(({ toMs }) => Math.abs(toMs - gap.toMs) < 50)) noteGap('gap database', texts.databaseGap, gap)
  }
  if (question.answer || lastGoodAt) drawShares()
}

/** Not who answered: one that died while this browser was busy is missed after it. */
function forget() {
  for (const finder of [webGaps, databaseGaps]) finder.forget()
  lastGoodAt = undefined
  holder = undefined
}

let isPaused = false

function drawPulse() {
  const silentMs = lastGoodAt === undefined ? 0 : performance.now() - lastGoodAt
  const isSilent = !isPaused && silentMs > slowMs
  const good = ordered().reduce((sum, { isNode, count }) => sum + (isNode ? 0 : count), 0)
  const state = isPaused
    ? texts.paused
    : isSilent
      ? `✕ ${fill(texts.silent, { seconds: tenths.format(silentMs / 1000) })}`
      : lastGoodAt === undefined
        ? texts.waiting
        : `✓ ${texts.answering}`
  const pulse = byId('pulse')
  pulse.dataset.state = isSilent ? 'bad' : isPaused || lastGoodAt === undefined ? 'nothing' : 'good'
  setText(pulse, `${state} · ${fill(texts.counts, { good: whole.format(good), failed: whole.format(failures) })}`)
}

const ledger = createLedgerPanel({ root: byId('ledger'), texts, fill, clock, whole, announce, redraw: drawEvents })
const asking = startAsking({
  sent(question) {
    question.cell = strip.take()
    webGaps.add(question)
    databaseGaps.add(question)
  },
  settled,
  interrupted() {
    strip.drop()
    forget()
  }
})
setInterval(drawPulse, 250)
drawLegend()

byId('pause').addEventListener('click', event => {
  isPaused = !isPaused
  asking.pause(isPaused)
  setText(event.currentTarget, isPaused ? texts.resume : texts.pause)
  drawPulse()
})

byId('restart').addEventListener('click', () => {
  asking.pause(isPaused)
  for (const finder of [absences.web, absences.database]) finder.forget()
  strip.clear()
  tallies.clear()
  events = []
  failures = 0
  drawLegend()
  drawEvents()
})
