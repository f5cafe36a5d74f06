import { type AppError, picturesAway, picturesOff, storageFull, tooBusy } from '../../errors.ts'
import type { FieldError } from '../../field-error.ts'
import type { FilesError, FilesProblem } from '../../files/errors.ts'
import type { MessageKey } from '../../i18n/index.ts'

export type PictureError = FieldError

const TEXTS = {
  off: 'pictures.off',
  away: 'pictures.away',
  foreign: 'pictures.away',
  full: 'pictures.full',
  busy: 'picture.busy'
} as const satisfies Record<FilesProblem, MessageKey>

/** What people are told. */
export const problemText = (problem: FilesProblem) => TEXTS[problem]

/** As a request fails with it that asks for nothing else. */
export function failureOf(error: FilesError): AppError {
  switch (error.problem) {
    case 'off':
      return picturesOff()
    case 'full':
      return storageFull(error)
    case 'busy':
      return tooBusy()
    default:
      return picturesAway(error)
  }
}
