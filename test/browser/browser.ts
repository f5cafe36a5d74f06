import assert from 'node:assert/strict'
import { after, before, type TestContext } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'
import { translator } from '../../src/i18n/index.ts'
import {
  type Account,
  type Client,
  eventually,
  type Item,
  type Site,
  sharedSite,
  signedIn,
  withinMs
} from '../helper.ts'

/** The texts as the pages have them; every page here is Portuguese unless a test says otherwise. */
export const say = translator('pt')

/** Why there is no browser to test with; undefined when there is one. */
function skipWithoutChromium(): string | undefined {
  if (process.env.CARRINHO_TEST_CHROMIUM) return undefined
  const reason = 'CARRINHO_TEST_CHROMIUM is not set: run it with `npm test`, which finds or installs Chromium'
  if (process.env.CI) throw new Error(reason)
  return reason
}

/** Most of a test is waiting for the browser: several at a time, each in a window of its own. */
export const suiteOptions = { skip: skipWithoutChromium() ?? false, concurrency: 3 }

/** `--no-sandbox`: it cannot be had as root or in most containers. The others: no traffic of the browser's own. */
const launchArgs = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run'
]

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.CARRINHO_TEST_CHROMIUM, args: launchArgs })

interface BrowserSite extends Site {
  browser: Browser
}

/** In the body of a `describe`: one server and one browser for all of its tests, there once they run. */
export function browserSite(): BrowserSite {
  const site = sharedSite('sqlite') as BrowserSite
  before(async () => {
    site.browser = await launchChromium()
  })
  after(() => site.browser?.close())
  return site
}

interface OpenOptions extends BrowserContextOptions {
  /** Whose cookies the browser has. */
  as?: Client
  /** The way to the server is cut in this test, and the browser may say so. */
  losesConnections?: boolean
}

/**
 * A window of its own, nothing shared with other tests. The test fails if a page in it logs an error, asks another
 * host for something, or lacks something it asked for.
 */
export async function openPage(
  t: TestContext,
  site: { browser: Browser; server: { url: string } },
  { as: client, losesConnections = false, ...options }: OpenOptions = {}
): Promise<Page> {
  const baseURL = options.baseURL ?? site.server.url
  const context = await site.browser.newContext({ locale: 'pt-PT', reducedMotion: 'reduce', ...options, baseURL })
  context.setDefaultTimeout(withinMs.answer)
  if (client) await context.addCookies([...client.cookies].map(([name, value]) => ({ name, value, url: baseURL })))

  const problems: string[] = []
  context.on('console', message => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    // Said by the browser itself of every such answer to a form, also of those that a test asks for.
    if (/^Failed to load resource: the server responded with a status of [45]\d\d/.test(message.text())) return
    // Another program on this machine added or removed a network: the browser drops its connections, and the page asks again.
    if (/^Failed to load resource: net::ERR_NETWORK_CHANGED/.test(message.text())) return
    if (losesConnections && /^Failed to load resource: net::/.test(message.text())) return
    problems.push(`console: ${message.text()}`)
  })
  context.on('weberror', error => problems.push(`script: ${error.error()}`))
  context.on('request', request => {
    if (!request.url().startsWith(`${baseURL}/`)) problems.push(`asked another host: ${request.url()}`)
  })
  context.on('response', response => {
    if (response.status() >= 400 && !['document', 'fetch'].includes(response.request().resourceType())) {
      problems.push(`${response.status()}: ${response.url()}`)
    }
  })
  t.after(async () => {
    await context.close()
    assert.deepEqual(problems, [])
  })
  return context.newPage()
}

/** A signed-in customer's list, opened; the account was made without the browser, which is quicker. */
export async function openList(
  t: TestContext,
  site: BrowserSite,
  options: OpenOptions & { items?: Partial<Item>[] } = {}
): Promise<{ page: Page; client: Client & { account: Account } }> {
  const { items = [], ...rest } = options
  const client = await signedIn(t, site.server)
  for (const item of items) await client.addItem(item)
  const page = await openPage(t, site, { as: client, ...rest })
  await page.goto('/carrinho/')
  return { page, client }
}

interface TypedItem {
  type: string
  quantity?: string
  shop: string
}

/** The field in which items are written as people write them. */
export const quickField = (page: Page) => page.getByLabel(say('quick.label'), { exact: true })
export const quickButton = (page: Page) => page.locator('#quick .send')

export const typeField = (page: Page) => page.getByLabel(say('label.type'), { exact: true })
export const quantityField = (page: Page) => page.getByLabel(say('label.quantity'), { exact: true })
export const shopField = (page: Page) => page.getByLabel(say('label.shop'), { exact: true })
export const addButton = (page: Page) => page.locator('#add .send')
/** The box that an item is ticked off with. */
export const tickBox = (page: Page, type: string) => page.getByRole('checkbox', { name: type, exact: true })
export const removeButton = (page: Page, type: string) =>
  page.getByRole('button', { name: `${say('list.remove')} ${type}`, exact: true })

export async function openFields(page: Page): Promise<void> {
  if ((await page.locator('details.fields:not([open])').count()) > 0)
    await page.locator('details.fields summary').click()
}

export async function fillItem(page: Page, { type, quantity = '1', shop }: TypedItem): Promise<void> {
  await openFields(page)
  await typeField(page).fill(type)
  await quantityField(page).fill(quantity)
  await shopField(page).fill(shop)
}

/** What stands in the add form, or in the form that offers to send it again. */
export const readForm = async (page: Page): Promise<TypedItem> => ({
  type: await typeField(page).inputValue(),
  quantity: await quantityField(page).inputValue(),
  shop: await shopField(page).inputValue()
})

export async function addItem(page: Page, item: TypedItem): Promise<void> {
  await fillItem(page, item)
  await addButton(page).click()
}

/** The list as it is read, shop by shop, what is ticked last: `2 Leite Mercado`, `✓ Pão 1 · Padaria`. */
const readList = async (page: Page): Promise<string[]> => {
  const rows = await page.locator('#items li:not(.gone)').evaluateAll(all =>
    all.map(row => ({
      isDone: row.closest('.done') !== null,
      cells: ['.n', '.i', '.m', '.s'].map(cell => row.querySelector(cell)?.textContent ?? ''),
      shop: row.closest('section')?.querySelector('h2')?.textContent ?? ''
    }))
  )
  return rows.map(({ isDone, cells: [count, name, note, rest], shop }) =>
    isDone ? `✓ ${name} ${rest}` : [count, name, note, shop].filter(Boolean).join(' ')
  )
}

/** Waits for exactly these rows; those of one shop the newest first. */
export const seeList = (page: Page, rows: string[]): Promise<void> =>
  eventually(async () => assert.deepEqual(await readList(page), rows))

export const seeFocus = (element: Locator): Promise<void> =>
  eventually(async () =>
    assert.ok(await element.evaluate(node => node === node.ownerDocument.activeElement), `no focus on ${element}`)
  )

/** A mark that only a reload or another page takes away. */
export const markWindow = (page: Page) => page.evaluate(() => Object.assign(globalThis, { isMarked: true }))
export const isMarked = (page: Page) => page.evaluate(() => 'isMarked' in globalThis)

/** Fills and sends the sign-up form that is open. */
export async function sendSignup(page: Page, { name, email, password }: Account): Promise<void> {
  await page.getByLabel(say('label.name')).fill(name)
  await page.getByLabel(say('label.email')).fill(email)
  await page.getByLabel(say('label.password')).fill(password)
  await page.getByRole('button', { name: say('signup.submit') }).click()
}

export async function signUp(page: Page, account: Account): Promise<void> {
  await page.goto('/signup')
  await sendSignup(page, account)
}

interface Credentials {
  email: string
  password: string
}

/** Fills and sends the login form that is open. */
export async function sendLogin(page: Page, { email, password }: Credentials): Promise<void> {
  await page.getByLabel(say('label.email')).fill(email)
  await page.getByLabel(say('label.password')).fill(password)
  await page
    .locator('main')
    .getByRole('button', { name: say('login.submit') })
    .click()
}

export async function logIn(page: Page, credentials: Credentials): Promise<void> {
  await page.goto('/login')
  await sendLogin(page, credentials)
}

export const pressLogOut = (page: Page): Promise<void> =>
  page
    .getByRole('navigation')
    .getByRole('button', { name: say('nav.logout') })
    .click()

export async function logOut(page: Page): Promise<void> {
  await pressLogOut(page)
  await page.waitForURL('**/')
}

/** What axe finds, one line each; `colours` looks at nothing but them, which is all that is other in the dark. */
export async function axeFindings(page: Page, what: 'everything' | 'colours' = 'everything'): Promise<string[]> {
  // Colours that are on their way are nobody's choice.
  await page.evaluate(`Promise.all(document.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().endTime < Infinity)
    .map(({ finished }) => finished.catch(() => undefined))).then(() => undefined)`)
  const axe = new AxeBuilder({ page }).setLegacyMode()
  const { violations } = await (what === 'colours' ? axe.withTags('cat.color') : axe).analyze()
  return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html} ${node.failureSummary ?? ''}`))
}

/** Buttons, fields and links that a thumb would miss. Links inside of a sentence are text, as WCAG 2.5.8 has it. */
export const smallTargets = (page: Page): Promise<string[]> =>
  page.locator('a, button, select, input:not([type=hidden])').evaluateAll(elements =>
    elements
      .filter(element => element.checkVisibility({ visibilityProperty: true }))
      .filter(element => !element.matches('.skip, li a, p a:not(:only-child)'))
      .map(element => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width < 44 || box.height < 44)
      .map(({ element, box }) => `${Math.round(box.width)} × ${Math.round(box.height)}: ${element.outerHTML}`)
  )

/** What sticks out of the window, or makes it scroll sideways. */
export const outgrownElements = (page: Page): Promise<string[]> =>
  page.locator('html').evaluate(root => {
    const window = root.ownerDocument.defaultView
    if (root.scrollWidth <= window.innerWidth) return []
    const wide = [...root.querySelectorAll('*')].filter(
      element => element.getBoundingClientRect().right > window.innerWidth
    )
    return [`scrolls to ${root.scrollWidth}`, ...wide.map(element => element.outerHTML.slice(0, 80))]
  })

/** Waits for the login that says that something is kept. */
export async function seeKeepingLogin(page: Page): Promise<void> {
  await page.waitForURL('**/login?kept=1&next=*')
  await page.getByText(say('login.kept')).waitFor()
}
