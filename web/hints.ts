// How what is being written is understood: fetched when somebody goes to the field.

import './elements/quick-hints.ts'
