import { StatementTimeout } from '../pool/errors.ts'

/**
 * What a driver answers, or StatementTimeout after `timeoutMs`; whatever it is busy with is then destroyed.
 * @param start asks the driver, and hands on what it says
 */
export function bounded<R>(
  timeoutMs: number,
  destroy: () => void,
  start: (resolve: (result: R) => void, reject: (error: unknown) => void) => void
): Promise<R> {
  return new Promise((resolve, reject) => {
    let isSettled = false
    const giveUp = () => {
      if (isSettled) return
      reject(new StatementTimeout(timeoutMs))
      destroy()
    }
    // What came while this process was busy is read first: it would otherwise take its own slowness for the node's.
    const timer = setTimeout(() => setImmediate(giveUp), timeoutMs)
    const settle = () => {
      isSettled = true
      clearTimeout(timer)
    }
    start(
      result => {
        settle()
        resolve(result)
      },
      error => {
        settle()
        reject(error)
      }
    )
  })
}
