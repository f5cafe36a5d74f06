import type { Texts } from './catalogue.ts'
import type { common as pt } from './common.pt.ts'

export const common: Texts<typeof pt> = {
  'html.lang': 'en-GB',
  'title.error': 'Error: {title}',
  tagline: 'The shopping list that does not get lost',
  'nav.skip': 'Skip to content',
  'nav.main': 'Main',
  'nav.list': 'List',
  'nav.account': 'Account',
  'nav.logout': 'Sign out',
  'nav.login': 'Sign in',
  'footer.language': 'Language',
  'footer.server': 'Served by {server}',
  'footer.database': 'database {node}',
  'footer.cluster': 'The cluster, live',
  'hint.endSessions': 'Whoever asks for it types the password, so that nobody else does it with your session.',
  'errors.summary': { one: 'There is one thing to put right', other: 'There are {count} things to put right' },
  'field.required': 'Fill in this field.',
  'field.invalid': 'This value does not work. Check it and try again.',
  'field.tooLong': 'This is too long. Use {max} characters at most.',
  'field.controlCharacters': 'This has invisible characters that cannot be kept. Type it by hand.',
  'field.repeated': 'This field arrived more than once. Fill it in and send again.',
  'error.request': 'Request {id}',
  'error.back': 'Go back',
  'error.home': 'Go to the start',
  'error.lists': 'See the lists',
  'error.retry': {
    one: 'This page tries again by itself in {count} second.',
    other: 'This page tries again by itself in {count} seconds.'
  },
  'resend.kept': 'What you typed is here. Check it and send again.',
  'resend.lost': 'Go back to the page and fill it in again.',
  'resend.secret': 'For your safety, type it again.',
  'resend.submit': 'Send again',
  'resend.auto': {
    one: 'It is sent again by itself in {count} second. It will not be repeated.',
    other: 'It is sent again by itself in {count} seconds. It will not be repeated.'
  },
  'csrf.expired.title': 'This form has expired',
  'csrf.expired.text': 'It was open for a long time, or the session has changed since. Nothing was saved.',
  'csrf.origin.title': 'This form came from another site',
  'csrf.origin.text': 'For your safety, only forms opened here are accepted. Nothing was saved.',
  'unavailable.title': 'Back in a moment',
  'unavailable.text':
    'The database is not answering. What was already on the list is safe. It usually takes a few seconds.',
  'full.title': 'There is no room to save this',
  'full.text':
    'The disk of this service is full. What was on your list is still there to be read; what you sent just now is not saved yet.',
  'readOnly.title': 'Only reading works at the moment',
  'readOnly.text':
    'The database takes no changes just now. What was on your list is still there to be read; what you sent just now is not saved yet.',
  'busy.title': 'Many people are signing in',
  'busy.text': 'Wait a few seconds and try again. Nothing was lost.',
  'notFound.title': 'This page does not exist',
  'notFound.text': 'The address may be wrong, or the page has moved.',
  'listGone.title': 'This list is no longer here',
  'listGone.text':
    'It, or what you asked of it, was deleted, or the address is wrong. A deleted list stays under “Lists” for 30 days: restore it there.',
  'methodNotAllowed.title': 'That cannot be done here',
  'methodNotAllowed.text':
    'This address does not accept that kind of request. Go back and use the buttons of the page.',
  'tooLarge.title': 'That is too large',
  'tooLarge.text': 'What you sent is over the size allowed. Shorten the text and send again.',
  'unsupportedMedia.title': 'That format does not work',
  'unsupportedMedia.text': 'The request came in a format that cannot be read here. Use the form on the page.',
  'badRequest.title': 'That request makes no sense',
  'badRequest.text': 'It arrived incomplete or garbled. Go back to the page and try again.',
  'notUtf8.title': 'That text cannot be read',
  'notUtf8.text':
    'It did not arrive as UTF-8. Nothing was saved, so that nothing is garbled. Type it again on the page.',
  'internal.title': 'Something failed',
  'internal.text': 'The fault is ours and has been recorded. Try again in a moment.',
  'flash.signedOut': 'You are signed out. See you soon.',
  'flash.signedUp': 'Hello, {name}. Your account is ready.'
}
