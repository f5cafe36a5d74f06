import type { Texts } from '../../i18n/catalogue.ts'
import type { suggestions as pt } from './texts.pt.ts'

export const suggestions: Texts<typeof pt> = {
  'suggestions.title': 'Lo que suele comprar',
  'suggestions.lead': 'Estos nombres sirven para sugerirle qué añadir a la lista. Nadie más los ve.',
  'suggestions.find': 'Buscar',
  'suggestions.names': 'Nombres recordados',
  'suggestions.add': 'Añadir',
  'suggestions.forget': 'Olvidar',
  'suggestions.empty': 'Todavía nada. Lo que añada a la lista aparecerá aquí.',
  'suggestions.none': 'Nada de lo que suele comprar empieza así.',
  'suggestions.more': 'Hay más nombres: escriba arriba cómo empieza el que busca.',
  'flash.forgotten': '«{name}» se ha olvidado.',
  'flash.notForgotten': 'Ese nombre ya no se recordaba, o se ha vuelto a comprar entretanto.'
}
