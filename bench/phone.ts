/**
 * The list of 30 items on a slow phone: a processor of a quarter of this one's speed, 400 ms from question to answer,
 * 400 kbit/s. Chromium slows itself down, through its devtools' protocol.
 */
import type { Browser, BrowserContext, CDPSession } from 'playwright-core'
import { chromium } from 'playwright-core'
import { figure, median, quantile, report } from './figures.ts'
import type { Visitor } from './visitor.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15)
const SLOWER = 4
const LINK = { latency: 400, downloadThroughput: 400_000 / 8, uploadThroughput: 400_000 / 8, offline: false }

/** Texts, as they run in the page. */
const WATCH = `
  window.longTaskEnd = 0
  new PerformanceObserver(list => {
    for (const { startTime, duration } of list.getEntries()) longTaskEnd = Math.max(longTaskEnd, startTime + duration)
  }).observe({ type: 'longtask', buffered: true })`
const TIMES = `({
  paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  loaded: performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,
  longTaskEnd
})`

interface Visit {
  bytes: number
  /** Until it is painted, and works: it needs no script. */
  paintedMs: number
  /** Until its scripts have run, and no long task followed. */
  readyMs: number
}

export async function measurePhone(visitor: Visitor, executablePath: string): Promise<void> {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] })
  const first: Visit[] = []
  const second: Visit[] = []
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const context = await signedIn(browser, visitor)
      first.push(await visit(context, visitor.url))
      second.push(await visit(context, visitor.url))
      await context.close()
    }
  } finally {
    await browser.close()
  }
  for (const [name, visits] of [
    ['first visit', first],
    ['second visit', second]
  ] as const) {
    const all = (of: keyof Visit) => visits.map(one => one[of])
    const bytes = median(all('bytes'))
    // Other work on the machine only makes it longer: the best quarter is nearest to what a phone of its own would take.
    const best = (of: keyof Visit) => quantile(all(of), 0.25)
    const told = (of: keyof Visit) =>
      `${figure(best(of))} ms, the best quarter of ${ROUNDS} (median ${figure(median(all(of)))}, least ${figure(Math.min(...all(of)))})`
    const within = (of: keyof Visit) => best(of) < 1000
    report(
      `a list of 30 on a slow phone, ${name}: what comes over the line`,
      `${figure(bytes / 1024)} KB`,
      'at most 30 KB',
      bytes <= 30 * 1024
    )
    report('the same: painted, and usable', told('paintedMs'), 'under 1,000 ms', within('paintedMs'))
    report('the same: its scripts have run', told('readyMs'), 'under 1,000 ms', within('readyMs'))
  }
}

async function signedIn(browser: Browser, visitor: Visitor): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'pt-PT' })
  const cookies = visitor.cookie.split('; ').map(pair => pair.split('='))
  await context.addCookies(cookies.map(([name = '', ...value]) => ({ name, value: value.join('='), url: visitor.url })))
  return context
}

async function visit(context: BrowserContext, url: string): Promise<Visit> {
  const page = await context.newPage()
  const devtools: CDPSession = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  await devtools.send('Network.emulateNetworkConditions', LINK)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
  let bytes = 0
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
  })
  await page.addInitScript({ content: WATCH })
  await page.goto(`${url}/carrinho/`, { waitUntil: 'networkidle' })
  const { paint, loaded, longTaskEnd } = await page.evaluate<Record<'paint' | 'loaded' | 'longTaskEnd', number>>(TIMES)
  await page.close()
  return { bytes, paintedMs: paint, readyMs: Math.max(paint, loaded, longTaskEnd) }
}
