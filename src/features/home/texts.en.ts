import type { Texts } from '../../i18n/catalogue.ts'
import type { home as pt } from './texts.pt.ts'

export const home: Texts<typeof pt> = {
  'index.title': 'The shopping list that does not get lost',
  'index.text':
    'Write at home, cross off in the shop. Nothing is lost or added twice, even with a weak signal or when a server goes down.',
  'index.start': 'Create account',
  'index.login': 'I have an account',
  'index.hello': 'Hello, {name}.',
  'index.list': 'Open my list',
  'index.sample.1': 'Sourdough bread',
  'index.sample.1.shop': 'Bakery',
  'index.sample.2': 'Eggs',
  'index.sample.2.shop': 'Market',
  'index.sample.3': 'Olive oil',
  'index.sample.3.shop': 'Grocer'
}
