import http from 'node:http'
import { withinMs } from './patience.ts'

export interface Reply {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
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
    const outgoing = http.request(url, { method, headers, agent }, incoming => {
      const chunks: Buffer[] = []
      incoming.on('data', chunk => chunks.push(chunk))
      incoming.once('error', reject)
      incoming.once('end', () => {
        const body = Buffer.concat(chunks)
        const text = body.toString('utf8')
        const status = incoming.statusCode ?? 0
        resolve({ status, headers: incoming.headers, text, body, bytes: body.length, json: () => JSON.parse(text) })
      })
    })
    outgoing.setTimeout(withinMs.answer, () =>
      outgoing.destroy(new Error(`${method} ${url}: no answer in ${withinMs.answer} ms`))
    )
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}
