// On the pages of a list to print and to send.

import './elements/print-page.ts'
import './elements/share-text.ts'
