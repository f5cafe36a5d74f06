import type { Texts } from '../../i18n/catalogue.ts'
import type { home as pt } from './texts.pt.ts'

export const home: Texts<typeof pt> = {
  'index.title': 'La lista de la compra que no se pierde',
  'index.text':
    'Escriba en casa, tache en la tienda. Nada se pierde ni se repite, aunque haya poca cobertura o se caiga un servidor.',
  'index.start': 'Crear cuenta',
  'index.login': 'Ya tengo cuenta',
  'index.hello': 'Hola, {name}.',
  'index.list': 'Abrir mi lista',
  'index.sample.1': 'Pan de pueblo',
  'index.sample.1.shop': 'Panadería',
  'index.sample.2': 'Huevos',
  'index.sample.2.shop': 'Mercado',
  'index.sample.3': 'Aceite de oliva',
  'index.sample.3.shop': 'Ultramarinos'
}
