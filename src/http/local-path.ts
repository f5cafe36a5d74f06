import type { FastifyRequest } from 'fastify'

const HERE = 'http://here.invalid'
const MAX_LENGTH = 4000

/**
 * A path from outside as a browser will read it, if it stays on this site; undefined otherwise. The result is looked at
 * again, as taking `.` and `..` out of a harmless path can leave one that begins with two slashes: another host.
 */
export function localPath(given: unknown): string | undefined {
  if (typeof given !== 'string' || given.length > MAX_LENGTH || !given.startsWith('/')) return undefined
  // Browsers drop tabs and line breaks and read a backslash as a slash before they look at a URL.
  if (/[\p{Cc}\\]/u.test(given)) return undefined
  const path = resolved(given)
  return path !== undefined && !path.startsWith('//') && resolved(path) === path ? path : undefined
}

/** Where the form stands that a route is sent, with what stands for `:list` in this request. */
export const pageOfForm = ({ routeOptions, params }: FastifyRequest): string | undefined =>
  routeOptions.config.page?.replace(/:(\w+)/g, (_, name) =>
    encodeURIComponent(String((params as Record<string, unknown>)[name] ?? ''))
  )

function resolved(path: string): string | undefined {
  try {
    const url = new URL(path, HERE)
    return url.origin === HERE ? url.pathname + url.search + url.hash : undefined
  } catch {
    return undefined
  }
}
