// On the page of an item's pictures.

import './elements/picture-form.ts'
