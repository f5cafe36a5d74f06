// get.ts URL [ACCEPT [HEADERS]]: one request, with further headers as JSON, printed as JSON, for checks from the client's machine. The URL may hold user and password.
import { Browser } from './browser.ts'

const url = new URL(process.argv[2] ?? '')
const startedAt = performance.now()
const answer = await new Browser(url.origin, false).get(url.pathname + url.search, {
  accept: process.argv[3] ?? 'text/html',
  authorization: url.username
    ? `Basic ${Buffer.from(`${url.username}:${url.password}`).toString('base64')}`
    : undefined,
  headers: JSON.parse(process.argv[4] ?? '{}') as Record<string, string>,
  timeoutMs: 5_000
})
console.log(JSON.stringify({ ...answer, ms: Math.round(performance.now() - startedAt) }))
