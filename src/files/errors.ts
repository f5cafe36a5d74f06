/**
 * Why something was not done with files. `off`: there is no folder. `away`: it did not answer in time, or failed. `foreign`:
 * it is not the folder that the other servers have. `full`: there is no room. `busy`: too much to do at once.
 */
export type FilesProblem = 'off' | 'away' | 'foreign' | 'full' | 'busy'

export class FilesError extends Error {
  readonly problem: FilesProblem
  /** The system's own code, for the log. */
  readonly code: string | undefined

  constructor(problem: FilesProblem, code?: string) {
    super(code === undefined ? problem : `${problem}: ${code}`)
    this.name = 'FilesError'
    this.problem = problem
    this.code = code
  }
}
