import type { Texts } from '../../i18n/catalogue.ts'
import type { items as pt } from './texts.pt.ts'

export const items: Texts<typeof pt> = {
  'label.type': 'Artículo',
  'label.quantity': 'Cantidad',
  'label.shop': 'Tienda',
  'field.quantity': 'Escriba un número entero de {min} a {max}.',
  'list.title': 'Mi lista',
  'list.add': 'Añadir a la lista',
  'list.form': 'Añadir un artículo',
  'list.items': 'Artículos por comprar',
  'list.remove': 'Borrar',
  'list.empty.title': 'No falta nada.',
  'list.empty.text': 'Escriba arriba lo que quiere comprar.',
  'list.full': 'La lista tiene {max} artículos, que es el máximo. Borre algunos y envíelo otra vez.',
  'list.older': 'Más antiguos',
  'list.newer': 'Más recientes',
  'list.pages': 'Páginas de la lista',
  'list.js.adding': 'Añadiendo…',
  'list.js.retrying': 'Sin respuesta. Lo que ha escrito está guardado aquí, intentándolo otra vez…',
  'list.js.gaveUp': 'Sigue sin respuesta. Lo que ha escrito está aquí y no se añade dos veces.',
  'list.js.retry': 'Intentar otra vez',
  'list.js.failed': 'No se ha podido añadir. Inténtelo otra vez.',
  'list.js.removed': '«{type}» ya no está en la lista.',
  'list.js.notRemoved': '«{type}» no se ha borrado. Inténtelo otra vez.',
  'list.js.removeRetrying': 'Sin respuesta. Se sigue intentando borrar «{type}»…',
  'list.js.removeUnknown': 'No ha habido respuesta sobre «{type}». Si sigue en la lista, bórrelo otra vez.',
  'operation.reused': 'Este formulario ya se había enviado con otro artículo. Pulse otra vez para añadir también este.',
  'flash.added': '«{type}» está en la lista.',
  'flash.alreadyAdded': '«{type}» ya se había añadido. Está en la lista una sola vez.',
  'flash.deleted': 'Artículo borrado.',
  'flash.notThere': 'Ese artículo ya no estaba en la lista.'
}
