// What the list becomes like the server's with: wanted after the first tap only, so fetched when the page is there.

import { Idiomorph } from 'idiomorph'

export const { morph } = Idiomorph
