import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { Tls } from '../../config/database-url.ts'

/** Node's TLS options, which both drivers take. */
export function tlsOptions(tls: Tls, host: string) {
  const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file))
  return {
    rejectUnauthorized: tls.verify,
    ca: read(tls.caFile),
    cert: read(tls.certFile),
    key: read(tls.keyFile),
    ...(isIP(host) ? {} : { servername: host }),
    ...(tls.verifyHost ? {} : { checkServerIdentity: () => undefined })
  }
}
