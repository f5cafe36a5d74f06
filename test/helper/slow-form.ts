import assert from 'node:assert/strict'
import http from 'node:http'
import { eventually } from './patience.ts'
import { request } from './requests.ts'
import { additionForm, type Client } from './visitors.ts'

/**
 * Adds "Sent slowly" with a request that is in flight while `interrupt` ends the server: the rest of it is sent when
 * nothing new is accepted any more. Resolves with its status.
 */
export function addAcross(client: Client, url: string, interrupt: () => void): Promise<number> {
  const body = additionForm(client, 'Sent slowly')
  return new Promise((resolve, reject) => {
    const slow = http.request(`${url}/carrinho/`, {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(body.length),
        // Answered as soon as the server has read the headers: from then on the request is in flight.
        expect: '100-continue',
        origin: url,
        cookie: [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      }
    })
    slow.once('response', incoming => {
      incoming.resume()
      resolve(incoming.statusCode ?? 0)
    })
    slow.once('error', reject)
    slow.write(body.slice(0, 20))
    slow.once('continue', () => {
      interrupt()
      eventually(() => assert.rejects(request(`${url}/health/live`)))
        .then(() => slow.end(body.slice(20)))
        .catch(reject)
    })
  })
}
