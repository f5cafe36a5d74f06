import Type from 'typebox'
import { formOf, optionalLine, type RawForm, typed } from '../../fields.ts'
import { MAX_TEXT } from '../../text.ts'

/** The field that looks for something: on lists, or among what is bought. */
export const searchForm = formOf(Type.Object({ q: optionalLine({ label: 'search.label' }) }))

/** What is looked for; whoever writes more looks for its beginning. */
export const queryOf = (raw: RawForm): string => [...typed(raw, searchForm.fields.q.name)].slice(0, MAX_TEXT).join('')
