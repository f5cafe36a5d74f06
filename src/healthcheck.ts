import { get } from 'node:http'
import { json } from 'node:stream/consumers'
import { Refusal } from './errors.ts'

const ANSWER_MS = 3000

/** Prints what the server says of itself. @throws Refusal when it does not answer, or not with 200 */
export async function checkHealth(url: string): Promise<void> {
  const answer = await ask(url).catch(error => {
    throw new Refusal(`no answer from ${url}: ${error.code ?? error.message}`)
  })
  const { status, reasons } = answer.body
  process.stdout.write(`${[status, ...reasons].join(': ')}\n`)
  if (answer.status !== 200) throw new Refusal('')
}

function ask(url: string): Promise<{ status: number | undefined; body: { status: string; reasons: string[] } }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: ANSWER_MS }, response => {
      json(response).then(body => {
        resolve({ status: response.statusCode, body: body as { status: string; reasons: string[] } })
      }, reject)
    })
    request.on('timeout', () => request.destroy(new Error(`silent for ${ANSWER_MS} ms`)))
    request.on('error', reject)
  })
}
