import http from 'node:http'
import { withinMs } from './patience.ts'

export interface Reply {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
  /** The statuses of what was said before the answer, as `102 Processing`. */
  interim: number[]
  /** As sent over the wire, compressed or not. */
  body: Buffer
  /** Its length. */
  bytes: number
  json(): unknown
}

export interface RequestOptions {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
  agent?: http.Agent
}

/** One request, redirects not followed. */
export function request(url: string, options: RequestOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers, body, agent } = options
    const interim: number[] = []
    const outgoing = http.request(url, { method, headers, agent }, incoming => {
      const chunks: Buffer[] = []
      incoming.on('data', chunk => chunks.push(chunk))
      incoming.once('error', reject)
      incoming.once('end', () => {
        const body = Buffer.concat(chunks)
        const text = body.toString('utf8')
        const status = incoming.statusCode ?? 0
        const json = () => JSON.parse(text)
        resolve({ status, headers: incoming.headers, interim, text, body, bytes: body.length, json })
      })
    })
    outgoing.setTimeout(withinMs.answer, () =>
      outgoing.destroy(new Error(`${method} ${url}: no answer in ${withinMs.answer} ms`))
    )
    outgoing.on('information', ({ statusCode }) => interim.push(statusCode))
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}
