import type { Texts } from '../../i18n/catalogue.ts'
import type { suggestions as pt } from './texts.pt.ts'

export const suggestions: Texts<typeof pt> = {
  'suggestions.title': 'What you usually buy',
  'suggestions.lead': 'These names are for suggesting what to add to your list. Nobody else sees them.',
  'suggestions.find': 'Find',
  'suggestions.names': 'Remembered names',
  'suggestions.add': 'Add',
  'suggestions.forget': 'Forget',
  'suggestions.empty': 'Nothing yet. What you add to the list appears here.',
  'suggestions.none': 'Nothing that you usually buy begins like this.',
  'suggestions.more': 'There are more names: write above how the one that you want begins.',
  'flash.forgotten': '“{name}” is forgotten.',
  'flash.notForgotten': 'That name was not remembered any more, or was bought again meanwhile.'
}
