import { randomUUID } from 'node:crypto'
import { type OutgoingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import type { FloodLog } from './flood-log.ts'
import { METHODS } from './request-target.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

interface ClientError extends Error {
  code?: string
}

const statusOf = (code: string | undefined): 400 | 408 | 431 => {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  return code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
}

const SAID = {
  400: { error: 'bad_request' },
  405: { error: 'method_not_allowed' },
  408: { error: 'too_slow' },
  // Whoever sees this in a browser can do something about it, and nobody else can.
  431: {
    error: 'headers_too_large',
    message: 'The headers of this request are too large. In a browser: delete the cookies of this host.'
  }
}

interface Parts {
  serverName: string
  log: FastifyBaseLogger
  flood: FloodLog
}

/** What Node refuses before there is a request: one that came too slowly, is too large in its headers, or is no HTTP. */
export function answerSocketError(error: ClientError, socket: Socket, parts: Parts): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  // Browsers open connections ahead, and would take an answer for that of the request they send next.
  if (socket.bytesRead === 0) {
    socket.destroy()
    return
  }
  // As Node's own answer: after the head of another one it would be taken for a part of that.
  const answering = (socket as Socket & { _httpMessage?: OutgoingMessage })._httpMessage
  refuse(socket, statusOf(error.code), { code: error.code }, answering?.headersSent === true, parts)
}

/** `CONNECT` asks for a tunnel, which there is none here: Node would hang up without a word. */
export function refuseTunnels(server: Server, parts: Parts): void {
  server.on('connect', (_request, socket: Socket) => {
    // Who asked may be gone, and there is nobody else here to be told.
    socket.on('error', () => {})
    refuse(socket, 405, { code: 'CONNECT', headers: { allow: METHODS } }, false, parts)
  })
}

function refuse(
  socket: Socket,
  status: keyof typeof SAID,
  { code, headers: own = {} }: { code: string | undefined; headers?: Record<string, string> },
  isTooLate: boolean,
  { serverName, log, flood }: Parts
): void {
  const line = { status, code, address: socket.remoteAddress }
  flood(`${status} ${code}`, () => log.info(line, 'refused at the socket'))
  if (!socket.writable || isTooLate) {
    socket.destroy()
    return
  }
  const requestId = randomUUID()
  const body = JSON.stringify({ ...SAID[status], requestId })
  const headers = {
    ...SECURITY_HEADERS,
    ...own,
    'x-served-by': serverName,
    'x-request-id': requestId,
    'cache-control': 'no-store',
    connection: 'close',
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length
  }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`, () => socket.destroy())
}
