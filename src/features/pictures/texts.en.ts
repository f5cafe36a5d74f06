import type { Texts } from '../../i18n/catalogue.ts'
import type { pictures as pt } from './texts.pt.ts'

export const pictures: Texts<typeof pt> = {
  'pictures.title': 'Pictures of “{type}”',
  'pictures.link': 'Pictures',
  'pictures.add': 'Add a picture',
  'pictures.count': { one: '{count} picture', other: '{count} pictures' },
  'pictures.alt': 'Picture {n} of “{type}”',
  'pictures.remove': 'Remove picture {n}',
  'pictures.none': 'There is none yet. Show which one it is: this yoghurt, not that one.',
  'pictures.back': 'Back to the item',
  'pictures.enough': 'This item has {max} pictures, which is the most. Remove one to add another.',
  'pictures.off': 'This site keeps no pictures: whoever installed it did not say where. The list works without.',
  'pictures.away':
    'Pictures are not available right now: the folder that they are kept in does not answer. The list works without; try again in a moment.',
  'pictures.full': 'There is no room for more pictures on this site. Nothing was kept.',
  'picture.label': 'Picture',
  'picture.hint':
    'Taken now or chosen, up to {max} MB. It is kept smaller, without the place and time it was taken at.',
  'picture.send': 'Add',
  'picture.again': 'The browser did not keep the picture: choose it again.',
  'picture.none': 'Choose a picture, or take one.',
  'picture.tooLarge': 'The picture has more than {max} MB. Choose a smaller one.',
  'picture.kind': 'This is no picture that can be kept. JPEG, PNG and WebP can.',
  'picture.heic':
    'This picture is HEIC, which cannot be read here. Send it as JPEG (on an iPhone: Camera, Formats, Most Compatible).',
  'picture.broken': 'The picture is damaged, or did not arrive whole. Send it again, or choose another.',
  'picture.pixels': 'The picture has more than 20 million pixels. Choose a smaller one.',
  'picture.tooMany': 'This item has {max} pictures already, which is the most. Remove one to add another.',
  'picture.accountFull':
    'Your account has 500 pictures already, which is the most. Those that you removed count for a month, so that it can be undone.',
  'picture.busy': 'Many pictures are arriving at once. Wait a few seconds and send it again.',
  'picture.reused': 'This form had already been sent with another picture. Send again to add this one, too.',
  'picture.js.shrinking': 'Preparing the picture…',
  'picture.js.sending': 'Sending…',
  'picture.js.retrying': 'No answer. The picture is still here, trying again…',
  'picture.js.gaveUp': 'Still no answer. The picture is here and is not added twice: try again.',
  'flash.pictureAdded': 'The picture is kept.',
  'flash.pictureThere': 'That picture was there already.',
  'flash.pictureRemoved': 'The picture is off the item.',
  'flash.pictureGone': 'That picture was no longer on the item.',
  'picturesAway.title': 'Pictures are not available',
  'picturesAway.text':
    'The folder that they are kept in does not answer. The list works without; try again in a moment.'
}
