/** A command's refusal with its exit code: 1 for what did not work, 2 for what was asked wrongly. */
export class Refusal extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
