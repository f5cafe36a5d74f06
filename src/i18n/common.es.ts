import type { Texts } from './catalogue.ts'
import type { common as pt } from './common.pt.ts'

export const common: Texts<typeof pt> = {
  'html.lang': 'es-ES',
  'title.error': 'Error: {title}',
  tagline: 'La lista de la compra que no se pierde',
  'nav.skip': 'Saltar al contenido',
  'nav.main': 'Principal',
  'nav.list': 'Lista',
  'nav.account': 'Cuenta',
  'nav.logout': 'Salir',
  'nav.login': 'Entrar',
  'footer.language': 'Idioma',
  'footer.server': 'Servido por {server}',
  'footer.database': 'base de datos {node}',
  'footer.cluster': 'El clúster en directo',
  'hint.endSessions': 'Quien lo pide escribe la contraseña, para que nadie más lo haga con su sesión.',
  'errors.summary': { one: 'Hay una cosa por corregir', other: 'Hay {count} cosas por corregir' },
  'field.required': 'Rellene este campo.',
  'field.invalid': 'Este valor no sirve. Revíselo e inténtelo otra vez.',
  'field.tooLong': 'Es demasiado largo. Use {max} caracteres como máximo.',
  'field.controlCharacters': 'Tiene caracteres invisibles que no se pueden guardar. Escríbalo a mano.',
  'field.repeated': 'Este campo ha llegado más de una vez. Rellénelo y envíelo otra vez.',
  'error.request': 'Petición {id}',
  'error.back': 'Volver',
  'error.home': 'Ir al inicio',
  'error.lists': 'Ver las listas',
  'error.retry': {
    one: 'Esta página lo intenta otra vez sola dentro de {count} segundo.',
    other: 'Esta página lo intenta otra vez sola dentro de {count} segundos.'
  },
  'resend.kept': 'Lo que ha escrito está aquí. Revíselo y envíelo otra vez.',
  'resend.lost': 'Vuelva a la página y rellénela otra vez.',
  'resend.secret': 'Por seguridad, escríbala otra vez.',
  'resend.submit': 'Enviar otra vez',
  'resend.auto': {
    one: 'Se envía otra vez solo dentro de {count} segundo. No se repite.',
    other: 'Se envía otra vez solo dentro de {count} segundos. No se repite.'
  },
  'csrf.expired.title': 'Este formulario ha caducado',
  'csrf.expired.text': 'Ha estado abierto mucho tiempo, o la sesión ha cambiado. No se ha guardado nada.',
  'csrf.origin.title': 'Este formulario viene de otro sitio',
  'csrf.origin.text': 'Por seguridad, solo se aceptan formularios abiertos aquí. No se ha guardado nada.',
  'unavailable.title': 'Enseguida volvemos',
  'unavailable.text':
    'La base de datos no responde. Lo que ya estaba en la lista está guardado. Suele tardar pocos segundos.',
  'full.title': 'No hay espacio para guardarlo',
  'full.text':
    'El disco de este servicio está lleno. Lo que ya estaba en la lista sigue ahí y se puede ver; lo que acaba de enviar aún no se ha guardado.',
  'readOnly.title': 'De momento solo se puede leer',
  'readOnly.text':
    'La base de datos no acepta cambios en este momento. Lo que ya estaba en la lista sigue ahí y se puede ver; lo que acaba de enviar aún no se ha guardado.',
  'busy.title': 'Hay mucha gente entrando',
  'busy.text': 'Espere unos segundos e inténtelo otra vez. No se ha perdido nada.',
  'notFound.title': 'Esta página no existe',
  'notFound.text': 'La dirección puede estar mal, o la página ha cambiado de sitio.',
  'listGone.title': 'Esta lista ya no está aquí',
  'listGone.text':
    'Se ha borrado, ella o lo que pidió de ella, o la dirección está mal. Una lista borrada sigue 30 días en «Listas»: recupérela allí.',
  'methodNotAllowed.title': 'Eso no se hace aquí',
  'methodNotAllowed.text': 'Esta dirección no acepta ese tipo de petición. Vuelva y use los botones de la página.',
  'tooLarge.title': 'Es demasiado grande',
  'tooLarge.text': 'Lo que ha enviado pasa del tamaño permitido. Acorte el texto y envíelo otra vez.',
  'unsupportedMedia.title': 'Este formato no sirve',
  'unsupportedMedia.text': 'La petición llegó en un formato que aquí no se lee. Use el formulario de la página.',
  'badRequest.title': 'Esta petición no se entiende',
  'badRequest.text': 'Ha llegado incompleta o alterada. Vuelva a la página e inténtelo otra vez.',
  'notUtf8.title': 'Este texto no se puede leer',
  'notUtf8.text':
    'No ha llegado en UTF-8. No se ha guardado nada, para que nada quede alterado. Escríbalo otra vez en la página.',
  'internal.title': 'Algo ha fallado',
  'internal.text': 'El fallo es nuestro y ha quedado registrado. Inténtelo otra vez dentro de un momento.',
  'flash.signedOut': 'Ha salido de la cuenta. Hasta pronto.',
  'flash.signedUp': 'Hola, {name}. Su cuenta está lista.'
}
