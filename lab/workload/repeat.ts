// repeat.ts URL COUNT [ADDRESS…]: COUNT requests one after the other, each on a connection of its own, from each of the
// addresses given, which must be this host's. Prints, as JSON, who answered each.
import { Browser } from './browser.ts'

const [target = '', count = '10', ...addresses] = process.argv.slice(2)
const url = new URL(target)
const answers: { status: number; server: string; from?: string }[] = []
for (const from of addresses.length > 0 ? addresses : [undefined]) {
  const browser = new Browser(url.origin, false, from)
  for (let sent = 0; sent < Math.min(1000, Number(count)); sent += 1) {
    const answer = await browser.get(url.pathname, { accept: 'application/json', timeoutMs: 5_000 })
    answers.push({ status: answer.status, server: String(answer.headers['x-served-by'] ?? ''), from })
  }
}
console.log(JSON.stringify(answers))
