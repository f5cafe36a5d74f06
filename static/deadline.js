/** Ends a request after `ms`, or the reading of its answer. Not `AbortSignal.timeout`, which Safari has from 16 on. */
export function deadline(ms) {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), ms)
  return controller.signal
}
