import type { FieldError } from '../../field-error.ts'
import type { FilesProblem } from '../../files/errors.ts'
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
