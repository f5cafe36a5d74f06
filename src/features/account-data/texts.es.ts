import type { Texts } from '../../i18n/catalogue.ts'
import type { accountData as pt } from './texts.pt.ts'

export const accountData: Texts<typeof pt> = {
  'data.title': 'Mis datos',
  'data.text':
    'La copia tiene todo lo que aquí se sabe de usted: la cuenta, las listas, lo que cambió en ellas y las sesiones. No lleva la contraseña.',
  'data.copy': 'Descargar una copia (JSON)',
  'data.pictures': 'Descargar las fotos (ZIP)',
  'data.leave': 'Borrar la cuenta',
  'leave.title': '¿Borrar la cuenta?',
  'leave.text': {
    one: 'Se borra la cuenta {email}: las listas con {count} artículo, su historial y las sesiones en todos los dispositivos.',
    other:
      'Se borra la cuenta {email}: las listas con {count} artículos, su historial y las sesiones en todos los dispositivos.'
  },
  'leave.forever': 'No se puede deshacer, y quien gestiona este servidor tampoco lo consigue.',
  'leave.copy': 'Antes puede descargar una copia de todo (JSON)',
  'leave.submit': 'Borrar la cuenta para siempre',
  'leave.stay': 'Quedarse con la cuenta',
  'flash.accountDeleted': 'La cuenta se ha borrado, con todo lo que tenía.'
}
