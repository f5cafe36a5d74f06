// repeat.ts URL COUNT: requests one after the other, each on a connection of its own. Prints, as JSON, who answered each.
import { Browser } from './browser.ts'

const url = new URL(process.argv[2] ?? '')
const browser = new Browser(url.origin, false)
const answers: { status: number; server: string }[] = []
for (let count = 0; count < Math.min(1000, Number(process.argv[3] ?? 10)); count += 1) {
  const answer = await browser.get(url.pathname, { accept: 'application/json', timeoutMs: 5_000 })
  answers.push({ status: answer.status, server: String(answer.headers['x-served-by'] ?? '') })
}
console.log(JSON.stringify(answers))
