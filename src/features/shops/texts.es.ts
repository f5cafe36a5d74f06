import type { Texts } from '../../i18n/catalogue.ts'
import type { shops as pt } from './texts.pt.ts'

export const shops: Texts<typeof pt> = {
  'shops.title': 'Tiendas',
  'shops.lead': 'La lista se agrupa por tienda, en este orden.',
  'shops.names': 'Tiendas en orden',
  'shops.anywhere': 'Sin tienda',
  'shops.up': 'Subir',
  'shops.down': 'Bajar',
  'shops.inside': 'Orden en la tienda',
  'shops.see': 'Ver solo esta tienda',
  'shops.empty': 'Aún no hay tiendas. Cuando un artículo de la lista tenga tienda, aparecerá aquí.',
  'shops.tooMany': 'Ya hay {max} tiendas con orden, que es el máximo. Olvide primero el orden de una.',
  'shops.back': 'Todas las tiendas',
  'shop.title': 'Orden en {shop}',
  'shop.lead': 'El orden en que se recorre la tienda. Lo que aún no tiene lugar va al final.',
  'shop.names': 'Artículos en orden',
  'shop.empty': 'Nada de lo que hay en las listas se compra aquí.',
  'shop.forget': 'Olvidar el lugar de',
  'shop.forgetAll': 'Olvidar todo el orden de esta tienda',
  'shops.learning': 'Aprender el orden',
  'shops.learns':
    'El orden dentro de cada tienda se aprende de lo que tacha: al vaciar lo que está en la cesta, nunca mientras compra.',
  'shops.learnsNot': 'El orden dentro de cada tienda solo cambia cuando lo cambie aquí.',
  'shops.learn': 'Aprender el orden',
  'shops.learnNot': 'Dejar de aprender',
  'flash.placed': '«{name}» está ahora en el puesto {place}.',
  'flash.learns': 'A partir de ahora el orden se aprende de lo que tacha.',
  'flash.learnsNot': 'El orden ya no se aprende. Lo que se sabe queda.',
  'flash.placeForgotten': 'El lugar de «{name}» se ha olvidado.',
  'flash.placeNotForgotten': '«{name}» ya no tenía lugar.'
}
