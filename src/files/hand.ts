import { keep, mark, old, read, setAside, takeAway, unmark } from './folder.ts'
import type { Answer, Ask, JobName, Order, Report } from './jobs.ts'

// A process that does one job after the other for a web server. One that waits for a disk that is gone waits alone.

const jobs: { [J in JobName]: (ask: Ask<J>) => Answer<J> | Promise<Answer<J>> } = {
  // Loaded where a picture is sent: its library is large.
  scale: async ({ sent }) => (await import('./picture.ts')).scale(sent),
  keep: ({ folder, contents, make }) => keep(folder, contents, make),
  read: ({ folder, hash, isShared }) => read(folder, hash, isShared),
  old: ({ folder, part, olderThanMs, limit }) => old(folder, part, olderThanMs, limit),
  setAside: ({ folder, hashes, olderThanMs }) => setAside(folder, hashes, olderThanMs),
  takeAway: ({ folder, hashes, putBack }) => void takeAway(folder, hashes, putBack),
  mark: ({ folder, own, others, isNew }) => mark(folder, own, others, isNew),
  unmark: ({ folder, own }) => void unmark(folder, own)
}

const tell = (report: Report) => process.send?.(report)

process.on('message', async ({ id, job, ask }: Order) => {
  tell({ id, begun: true })
  try {
    tell({ id, answer: await (jobs[job] as (ask: unknown) => unknown)(ask) })
  } catch (error) {
    const { code = 'EUNKNOWN', message } = error as NodeJS.ErrnoException
    tell({ id, failure: { code, message } })
  }
})

// A terminal tells every process of its group; the server tells this one when it is done.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
