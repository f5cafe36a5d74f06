// On every page. All of it works without this file: it spares reloads, and keeps trying when a server does not answer.

import './elements/toast-region.ts'
import './elements/item-list.ts'
import './elements/shop-suggestions.ts'
import './elements/quantity-stepper.ts'
import './elements/add-item.ts'
import './elements/quick-hints.ts'
import './elements/picture-form.ts'
import './elements/try-again.ts'
import './elements/send-again.ts'
import './elements/print-page.ts'
import './elements/share-text.ts'
