import { fold } from '../../text-fold.ts'
import { ONE } from './quantity.ts'

/** What things come in, one and several of it, in the three languages: `2 caixas` are more of `1 caixa`. */
const pairs = (
  'caixa/caixas pacote/pacotes lata/latas garrafa/garrafas garrafão/garrafões frasco/frascos boião/boiões saco/sacos ' +
  'embalagem/embalagens pack/packs cuvete/cuvetes grade/grades maço/maços molho/molhos dúzia/dúzias par/pares ' +
  'fatia/fatias barra/barras rolo/rolos tablete/tabletes saqueta/saquetas tubo/tubos copo/copos peça/peças ' +
  'caja/cajas paquete/paquetes botella/botellas bote/botes tarro/tarros manojo/manojos docena/docenas ' +
  'bolsa/bolsas loncha/lonchas rebanada/rebanadas tableta/tabletas rollo/rollos sobre/sobres bandeja/bandejas pieza/piezas ' +
  'box/boxes packet/packets can/cans tin/tins bottle/bottles jar/jars carton/cartons tub/tubs bunch/bunches dozen/dozens ' +
  'bag/bags pair/pairs slice/slices bar/bars roll/rolls tube/tubes cup/cups piece/pieces lb/lbs'
)
  .split(' ')
  .map(pair => pair.split('/') as [one: string, several: string])

const known = new Map(pairs.flatMap(pair => pair.map(form => [fold(form), pair] as const)))

const pairOf = (unit: string) => known.get(fold(unit))

/** The same for all ways to write a unit, and for one and several of those that are known. */
export const unitKey = (unit: string): string => fold(pairOf(unit)?.[0] ?? unit)

/** A unit in the form that goes with a quantity: that of several above one. One that is not known stays as it was written. */
export function unitFor(thousandths: number, unit: string): string {
  const right = pairOf(unit)?.[thousandths > ONE ? 1 : 0]
  return right === undefined || fold(right) === fold(unit) ? unit : right
}
