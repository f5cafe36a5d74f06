// Everything works without this file. It spares reloads, and it keeps trying when a server does not answer.

import { deadline } from './deadline.js'

const byId = id => document.getElementById(id)
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
const put = (template, type) => template.replace('{type}', () => type)

const answerWithinMs = 10_000
const firstWaitMs = 500
const longestWaitMs = 5_000
const writeForMs = 120_000
const refreshForMs = 60_000

/** Not a web server's own answer, or one that says it could not look. A balancer's own 500: its server died half-way. */
const isAway = ({ status, headers }) =>
  (status >= 502 && status <= 504) || (status === 500 && !headers.has('x-served-by'))

/**
 * Repeats a request, always the same bytes, until a server gives an answer of its own.
 * Undefined when none came within `forMs`; then it is not known whether it was carried out.
 */
async function ask(url, options, forMs, onWait) {
  const until = Date.now() + forMs
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    try {
      const response = await fetch(url, { ...options, signal: deadline(answerWithinMs) })
      const text = await response.text()
      if (!isAway(response)) return { status: response.status, ok: response.ok, url: response.url, text }
    } catch {
      // No answer, or half of one.
    }
    if (Date.now() + waitMs > until) return undefined
    onWait?.()
    await sleep(waitMs * (0.75 + Math.random() / 2))
  }
}

function parse(text) {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}

function paragraph(text, className) {
  const element = document.createElement('p')
  element.className = className
  element.textContent = text
  return element
}

let sayTimer

function say(text, kind) {
  const region = byId('say')
  region.className = 'toast'
  region.replaceChildren(paragraph(text, `note ${kind}`))
  clearTimeout(sayTimer)
  sayTimer = setTimeout(() => region.replaceChildren(), 8_000)
}

/** Signed out meanwhile: afterwards this page comes back, with what was typed on it. */
function signIn() {
  let here = location.pathname + location.search
  const { product_type: type, local: shop } = form.elements
  if (type.value || shop.value) {
    const typed = new URLSearchParams(new FormData(form))
    typed.delete('csrf_token')
    here = `${form.getAttribute('action')}?${typed}`
  }
  location.assign(`/login?next=${encodeURIComponent(here)}`)
}

/** A refusal may bring what the next try needs. */
function takeFresh({ csrfToken, operation }) {
  if (csrfToken) for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = csrfToken
  if (operation && form) form.elements.operation.value = operation
}

// The list

const removing = new Set()
/** Since the last refresh was asked for: its answer may still have them. */
const removed = new Set()
let refreshes = 0

const findRow = id => document.querySelector(`#items button[value="${CSS.escape(id)}"]`)?.closest('li')

/** Shows the newest page of the list as the server has it, without reloading. */
async function refreshList() {
  refreshes += 1
  const mine = refreshes
  removed.clear()
  const home = form.getAttribute('action')
  const answer = await ask(home, { headers: { accept: 'text/html' } }, refreshForMs)
  if (!answer?.ok || mine !== refreshes) return
  const fresh = new DOMParser().parseFromString(answer.text, 'text/html')
  const list = fresh.getElementById('list')
  if (!list) return signIn()

  byId('list').replaceWith(document.adoptNode(list))
  document.title = fresh.title
  if (location.pathname + location.search !== home) history.replaceState(null, '', home)
  for (const id of removing) strike(findRow(id), true)
  for (const id of removed) findRow(id)?.remove()
  suggestShops()
}

function strike(row, isGoing) {
  if (!row) return
  row.classList.toggle('going', isGoing)
  row.querySelector('button').setAttribute('aria-disabled', String(isGoing))
}

async function remove(button) {
  const id = button.value
  if (removing.has(id)) return
  const list = byId('list')
  const type = findRow(id).querySelector('.i').textContent
  removing.add(id)
  strike(findRow(id), true)

  const answer = await ask(
    button.form.getAttribute('action'),
    {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-csrf-token': button.form.elements.csrf_token.value
      },
      body: JSON.stringify({ id: Number(id) })
    },
    writeForMs,
    () => say(put(list.dataset.removeRetrying, type), '')
  )
  removing.delete(id)
  if (answer?.status === 401) return signIn()
  if (!answer) {
    strike(findRow(id), false)
    say(put(list.dataset.removeUnknown, type), 'error')
    return refreshList()
  }
  if (!answer.ok) {
    const refusal = parse(answer.text)
    takeFresh(refusal)
    strike(findRow(id), false)
    say(refusal.message ?? put(list.dataset.notRemoved, type), 'error')
    return
  }
  removed.add(id)
  takeAway(findRow(id))
  say(put(list.dataset.removed, type), 'success')
}

/** Focus goes to the neighbour, so that the next one can be deleted with the same key. */
async function takeAway(row) {
  if (!row) return
  const hadFocus = row.contains(document.activeElement) || document.activeElement === document.body
  let next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector('button')
  row.remove()
  if (!next) {
    await refreshList()
    next = byId('empty') ?? document.querySelector('#items button')
  }
  if (hadFocus) next?.focus({ preventScroll: true })
}

// Not on `submit`: which button it was, Safari tells from 15.4 on.
document.addEventListener('click', event => {
  const button = event.target.closest('#items button[name="id"]')
  if (!button) return
  event.preventDefault()
  remove(button)
})

// Adding

const form = byId('add')
const state = form?.querySelector('.state')
const sendButton = form?.querySelector('.send')
const sendLabel = sendButton?.textContent
let isSending = false
/** The last try ended without an answer: the same key has to be used again, or the item could be added twice. */
let isUnsettled = false

/** A UUID by hand: `crypto.randomUUID` does not exist on plain http, where this is often served. */
function mintOperation() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
  form.elements.operation.value = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function showState(text, isWrong = false) {
  state.replaceChildren(...(text ? [paragraph(text, isWrong ? 'wrong' : '')] : []))
}

function setSending(value) {
  isSending = value
  sendButton.setAttribute('aria-disabled', String(value))
  for (const input of form.querySelectorAll('.field input')) input.readOnly = value
}

function showFieldErrors(fields) {
  form.querySelector('.summary')?.remove()
  let first
  for (const input of form.querySelectorAll('.field input')) {
    const message = fields[input.name] ?? ''
    byId(`e-${input.name}`).textContent = message
    if (message) {
      input.setAttribute('aria-invalid', 'true')
      input.setAttribute('aria-describedby', `e-${input.name}`)
      first ??= input
    } else {
      input.removeAttribute('aria-invalid')
      input.removeAttribute('aria-describedby')
    }
  }
  first?.focus()
  return first !== undefined
}

async function add() {
  if (isSending) return
  const { dataset } = form
  // Taken once: every repetition carries the same words under the same key.
  const body = new URLSearchParams(new FormData(form))
  setSending(true)
  const slow = setTimeout(() => showState(dataset.adding), 400)
  const answer = await ask(
    form.getAttribute('action'),
    { method: 'POST', headers: { accept: 'application/json' }, body },
    writeForMs,
    () => {
      clearTimeout(slow)
      showState(dataset.retrying)
    }
  )
  clearTimeout(slow)
  setSending(false)
  isUnsettled = !answer
  sendButton.textContent = answer ? sendLabel : dataset.retry
  if (!answer) return showState(dataset.gaveUp, true)
  if (answer.status === 401) return signIn()

  const result = parse(answer.text)
  if (answer.ok) return finishAdding(body.get('product_type').trim(), result.status)
  takeFresh(result)
  const isShown = showFieldErrors(result.fields ?? {})
  showState(isShown ? '' : (result.message ?? dataset.failed), true)
}

async function finishAdding(type, status) {
  showFieldErrors({})
  showState('')
  form.elements.product_type.value = ''
  form.elements.quantity.value = '1'
  form.elements.local.value = ''
  mintOperation()
  form.elements.product_type.focus()
  say(put(status === 'already' ? form.dataset.already : form.dataset.added, type), 'success')
  await refreshList()
  document.querySelector('#items li')?.classList.add('new')
}

function step(by) {
  const input = form.elements.quantity
  const { min, max } = input.dataset
  const next = (Number.parseInt(input.value, 10) || 0) + by
  input.value = String(Math.min(Math.max(next, Number(min)), Number(max)))
}

/** For thumbs only: with a keyboard there are the arrows. */
function stepButton(by, sign) {
  const button = Object.assign(document.createElement('button'), {
    type: 'button',
    className: 'step',
    textContent: sign
  })
  button.dataset.step = by
  button.tabIndex = -1
  button.setAttribute('aria-hidden', 'true')
  button.addEventListener('click', () => step(by))
  return button
}

function suggestShops() {
  const shops = new Set(Array.from(document.querySelectorAll('#items .s'), shop => shop.textContent))
  byId('shops').replaceChildren(
    ...Array.from(shops, shop => Object.assign(document.createElement('option'), { value: shop }))
  )
}

if (form) {
  form.addEventListener('submit', event => {
    event.preventDefault()
    add()
  })
  form.querySelector('.amount').prepend(stepButton(-1, '−'))
  form.querySelector('.amount').append(stepButton(1, '+'))
  form.elements.quantity.addEventListener('keydown', event => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
    event.preventDefault()
    step(event.key === 'ArrowUp' ? 1 : -1)
  })
  // Back to a page kept in memory: its key may have been used.
  addEventListener('pageshow', event => {
    if (event.persisted && !isSending && !isUnsettled) mintOperation()
  })
  suggestShops()
}

// Pages that try again

const reload = document.querySelector('[data-reload]')
if (reload) waitForAnswer(Number(reload.dataset.reload) * 1_000)

/** Asks first, so that the page stays readable until there is something better to show. */
async function waitForAnswer(everyMs) {
  for (;;) {
    await sleep(everyMs)
    const response = await fetch(location.href, { headers: { accept: 'text/html' } }).catch(() => undefined)
    if (response && !isAway(response)) return location.reload()
  }
}

const resend = document.querySelector('form[data-resend]')
if (resend && !resend.querySelector('input[type="password"]')) {
  const notice = paragraph(resend.dataset.text, 'hint')
  resend.append(notice)
  const timer = setTimeout(() => resend.querySelector('button').click(), Number(resend.dataset.resend) * 1_000)
  // Whoever starts to change something decides when it goes.
  const stop = () => {
    clearTimeout(timer)
    notice.remove()
  }
  resend.addEventListener('focusin', stop, { once: true })
}
