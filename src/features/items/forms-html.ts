import type { RawForm } from '../../fields.ts'
import type { Language } from '../../i18n/index.ts'
import { entryForm } from './schema.ts'

/** Both forms that add an item, as the template is given them. */
export interface FormsOf {
  base: string
  /** Their boxes are to be sent with them, see forms.njk. */
  hasRows: boolean
  csrfToken: string
  entry: string
  form: Record<string, string>
  isQuick: boolean
  errors: Record<string, string>
  formError: string | null
}

type RenderForms = (lang: Language, of: FormsOf) => string

const HOLES = { base: '~base~', csrfToken: '~csrfToken~', operation: '~operation~' }
const HOLE = /~(base|csrfToken|operation)~/
/** Nothing of it has to be escaped, whoever sent it. */
const PLAIN = /^[\w/-]*$/

const UNTOUCHED = entryForm.typed({ quantity: '1' })

/** The separate fields as they were typed; a quantity that nobody typed is the one that the page brings. */
export const typedFields = (raw: RawForm): Record<string, string> => {
  const fields = entryForm.typed(raw)
  return { ...fields, quantity: fields.quantity || UNTOUCHED.quantity || '' }
}

/** Nobody has written in the separate fields. */
export const isUntouched = (form: Record<string, string>): boolean =>
  Object.entries(UNTOUCHED).every(([name, value]) => form[name] === value)

/**
 * These forms are the larger part of what is left of a list's page beside its rows, and the same for everybody until something
 * is written in them, but for three values. So they are rendered once for each language, with holes for those.
 */
export function keptForms(render: RenderForms): (lang: Language, of: FormsOf) => Buffer[] {
  const kept = new Map<string, (Buffer | string)[]>()
  const untouched = {
    entry: '',
    form: { ...UNTOUCHED, operation: HOLES.operation },
    isQuick: true,
    errors: {},
    formError: null
  }
  const partsOf = (lang: Language, hasRows: boolean): (Buffer | string)[] => {
    const name = `${lang} ${hasRows}`
    const found = kept.get(name)
    if (found) return found
    // At odd places are names, as a split by a group leaves them.
    const parts = render(lang, { ...HOLES, hasRows, ...untouched })
      .split(HOLE)
      .map((part, n) => (n % 2 === 0 ? Buffer.from(part) : part))
    kept.set(name, parts)
    return parts
  }

  return (lang, of) => {
    const { base, csrfToken, form } = of
    const { operation = '' } = form
    const isAsMade =
      of.isQuick && of.entry === '' && of.formError === null && Object.keys(of.errors).length === 0 && isUntouched(form)
    if (!isAsMade || ![base, csrfToken, operation].every(value => PLAIN.test(value)))
      return [Buffer.from(render(lang, of))]
    const values: Record<string, string> = { base, csrfToken, operation }
    return partsOf(lang, of.hasRows).map(part => (typeof part === 'string' ? Buffer.from(values[part] ?? '') : part))
  }
}
