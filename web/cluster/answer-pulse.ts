import { setText } from '../shared/dom.ts'
import { say } from '../shared/texts.ts'
import { tenths, whole } from './numbers.ts'

interface Pulse {
  isPaused: boolean
  /** Since the last good answer; undefined before the first. */
  silentMs: number | undefined
  /** As long a silence is one. */
  slowMs: number
  good: number
  failed: number
}

/** One line: whether there are answers right now, and how many there were. */
class AnswerPulse extends HTMLElement {
  show({ isPaused, silentMs, slowMs, good, failed }: Pulse): void {
    const isSilent = !isPaused && silentMs !== undefined && silentMs > slowMs
    const state = isPaused
      ? say('cluster.js.paused')
      : isSilent
        ? `✕ ${say('cluster.js.silent', { seconds: tenths.format(silentMs / 1000) })}`
        : silentMs === undefined
          ? say('cluster.js.waiting')
          : `✓ ${say('cluster.js.answering')}`
    this.dataset.state = isSilent ? 'bad' : isPaused || silentMs === undefined ? 'nothing' : 'good'
    setText(this, `${state} · ${say('cluster.js.counts', { good: whole.format(good), failed: whole.format(failed) })}`)
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'answer-pulse': AnswerPulse
  }
}
customElements.define('answer-pulse', AnswerPulse)
