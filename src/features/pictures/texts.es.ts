import type { Texts } from '../../i18n/catalogue.ts'
import type { pictures as pt } from './texts.pt.ts'

export const pictures: Texts<typeof pt> = {
  'pictures.title': 'Fotos de «{type}»',
  'pictures.link': 'Fotos',
  'pictures.add': 'Añadir una foto',
  'pictures.count': { one: '{count} foto', other: '{count} fotos' },
  'pictures.alt': 'Foto {n} de «{type}»',
  'pictures.remove': 'Quitar la foto {n}',
  'pictures.none': 'Todavía no hay ninguna. Enseñe cuál es: este yogur, y no el otro.',
  'pictures.back': 'Volver al artículo',
  'pictures.enough': 'Este artículo tiene {max} fotos, que es el máximo. Quite una para añadir otra.',
  'pictures.off': 'Este sitio no guarda fotos: quien lo instaló no dijo dónde. La lista funciona sin ellas.',
  'pictures.away':
    'Las fotos no están disponibles ahora: la carpeta donde se guardan no responde. La lista funciona sin ellas; inténtelo dentro de un momento.',
  'pictures.full': 'No hay sitio para guardar más fotos en este sitio. No se ha guardado nada.',
  'picture.label': 'Foto',
  'picture.hint':
    'Hecha ahora o elegida, hasta {max} MB. Se guarda más pequeña, sin el lugar ni la hora en que se hizo.',
  'picture.send': 'Añadir',
  'picture.again': 'El navegador no ha guardado la foto: elíjala otra vez.',
  'picture.none': 'Elija una foto, o haga una.',
  'picture.tooLarge': 'La foto tiene más de {max} MB. Elija una más pequeña.',
  'picture.kind': 'Esto no es una foto que se pueda guardar. Sirven JPEG, PNG y WebP.',
  'picture.heic':
    'Esta foto está en HEIC, que aquí no se lee. Envíela en JPEG (en el iPhone: Cámara, Formatos, Más compatible).',
  'picture.broken': 'La foto está dañada, o no ha llegado entera. Envíela otra vez, o elija otra.',
  'picture.pixels': 'La foto tiene más de 20 millones de píxeles. Elija una más pequeña.',
  'picture.tooMany': 'Este artículo ya tiene {max} fotos, que es el máximo. Quite una para añadir otra.',
  'picture.accountFull':
    'Su cuenta ya tiene 500 fotos, que es el máximo. Las que quitó cuentan todavía durante un mes, para poder deshacerlo.',
  'picture.busy': 'Están llegando muchas fotos a la vez. Espere unos segundos y envíela otra vez.',
  'picture.reused': 'Este formulario ya se había enviado con otra foto. Envíe otra vez para añadir también esta.',
  'picture.js.shrinking': 'Preparando la foto…',
  'picture.js.sending': 'Enviando…',
  'picture.js.retrying': 'Sin respuesta. La foto está aquí, intentándolo otra vez…',
  'picture.js.gaveUp': 'Sigue sin respuesta. La foto está aquí y no se añade dos veces: inténtelo otra vez.',
  'flash.pictureAdded': 'La foto está guardada.',
  'flash.pictureThere': 'Esa foto ya estaba.',
  'flash.pictureRemoved': 'La foto ya no está en el artículo.',
  'flash.pictureGone': 'Esa foto ya no estaba en el artículo.',
  'picturesAway.title': 'Las fotos no están disponibles',
  'picturesAway.text':
    'La carpeta donde se guardan no responde. La lista funciona sin ellas; inténtelo dentro de un momento.'
}
