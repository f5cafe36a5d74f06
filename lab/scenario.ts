import type { Stage } from './stage.ts'

/** One experiment. Its env file beside it says which hosts take part. */
export interface Scenario {
  number: string
  title: string
  /** The document and the experiment that it reproduces. */
  source: string
  run(stage: Stage): Promise<void>
}
