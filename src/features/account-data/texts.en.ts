import type { Texts } from '../../i18n/catalogue.ts'
import type { accountData as pt } from './texts.pt.ts'

export const accountData: Texts<typeof pt> = {
  'data.title': 'My data',
  'data.text':
    'The copy has all that is known of you here: the account, the lists, what changed on them and the sessions. Your password is not in it.',
  'data.copy': 'Download a copy (JSON)',
  'data.pictures': 'Download the pictures (ZIP)',
  'data.leave': 'Delete the account',
  'leave.title': 'Delete the account?',
  'leave.text': {
    one: 'The account {email} is deleted: the lists with {count} item, their history and the sessions on all devices.',
    other:
      'The account {email} is deleted: the lists with {count} items, their history and the sessions on all devices.'
  },
  'leave.forever': 'This cannot be undone, not even by whoever runs this server.',
  'leave.copy': 'Before that, you can download a copy of it all (JSON)',
  'leave.submit': 'Delete the account for ever',
  'leave.stay': 'Keep the account',
  'flash.accountDeleted': 'The account is deleted, and all that it had.'
}
