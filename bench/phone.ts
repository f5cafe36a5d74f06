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
  /** The same, reckoned: how long the link takes for it, and the page's thread, one after the other. */
  linkMs: number
  threadMs: number
}

export async function measurePhone(visitor: Visitor, executablePath: string): Promise<void> {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] })
  const names = ['first', 'second', 'third'] as const
  const visits = names.map((): Visit[] => [])
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const context = await signedIn(browser, visitor)
      for (const ofThat of visits) ofThat.push(await visit(context, visitor.url))
      await context.close()
    }
  } finally {
    await browser.close()
  }
  for (const [index, name] of names.entries()) {
    const all = (of: keyof Visit) => (visits[index] ?? []).map(one => one[of])
    const bytes = median(all('bytes'))
    // Other work on the machine only makes it longer.
    const best = (of: keyof Visit) => quantile(all(of), 0.25)
    const told = (of: keyof Visit) =>
      `${figure(best(of))} ms, the best quarter of ${ROUNDS} (median ${figure(median(all(of)))}, least ${figure(Math.min(...all(of)))})`
    const [link, thread] = [median(all('linkMs')), median(all('threadMs'))]
    report(
      `a list of 30 on a slow phone, ${name} visit: what comes over the line`,
      `${figure(bytes / 1024)} KB`,
      'at most 30 KB',
      bytes <= 30 * 1024
    )
    report('the same: painted, and usable', told('paintedMs'), 'under 1,000 ms', best('paintedMs') < 1000)
    report('the same: its scripts have run', told('readyMs'), 'under 1,000 ms', best('readyMs') < 1000)
    report(
      'the same, by what the link and the thread take',
      `${figure(link + thread)} ms (${figure(link)} and ${figure(thread)})`,
      'under 1,000 ms',
      link + thread < 1000
    )
  }
}

async function signedIn(browser: Browser, visitor: Visitor): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'pt-PT' })
  const cookies = visitor.cookieOfFirstVisit.split('; ').map(pair => pair.split('='))
  await context.addCookies(cookies.map(([name = '', ...value]) => ({ name, value: value.join('='), url: visitor.url })))
  return context
}

async function visit(context: BrowserContext, url: string): Promise<Visit> {
  const page = await context.newPage()
  const devtools: CDPSession = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  await devtools.send('Network.emulateNetworkConditions', LINK)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
  await devtools.send('Page.enable')
  let bytes = 0
  /** Until its scripts have run: what comes later holds up neither the page nor them. */
  let isWaitingFor = true
  let threadAtReady: ReturnType<typeof threadTime> | undefined
  devtools.on('Page.domContentEventFired', () => {
    isWaitingFor = false
    threadAtReady = threadTime(devtools)
  })
  const kinds = new Map<string, string>()
  const taken: Record<string, number> = { Document: 0, Stylesheet: 0, Script: 0 }
  devtools.on('Network.responseReceived', ({ requestId, type }) => kinds.set(requestId, type))
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    bytes += encodedDataLength
    const kind = kinds.get(requestId) ?? ''
    if (isWaitingFor && kind in taken) taken[kind] = (taken[kind] ?? 0) + encodedDataLength
  })
  await page.addInitScript({ content: WATCH })
  await page.goto(`${url}/carrinho/`, { waitUntil: 'networkidle' })
  await page.waitForFunction("performance.getEntriesByName('first-contentful-paint').length > 0")
  const { paint, loaded, longTaskEnd } = await page.evaluate<Record<'paint' | 'loaded' | 'longTaskEnd', number>>(TIMES)
  const threadMs = (await threadAtReady) ?? Number.NaN
  const { Document: document = 0, Stylesheet: styles = 0, Script: scripts = 0 } = taken
  await page.close()
  return {
    bytes,
    paintedMs: paint,
    readyMs: Math.max(paint, loaded, longTaskEnd),
    linkMs: linkMs(document, styles + scripts),
    threadMs
  }
}

async function threadTime(devtools: CDPSession): Promise<number> {
  const { metrics } = await devtools.send('Performance.getMetrics')
  return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN)
}

/** Styles and scripts are asked for as the page's first bytes are there; the rest of it comes while they are waited for. */
function linkMs(page: number, rest: number): number {
  const { latency, downloadThroughput } = LINK
  const ms = (bytes: number) => (1000 * bytes) / downloadThroughput
  return latency + (rest === 0 ? ms(page) : Math.max(ms(page), latency + ms(rest)))
}
