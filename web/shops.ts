// On the pages of shops, beside app.ts. All of it works without this file, by buttons.

import './elements/ordered-list.ts'
