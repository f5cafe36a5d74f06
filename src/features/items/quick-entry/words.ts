/** What words say beside a number, folded, in the three languages at once, as people mix them. */

/** Units that are words of one's own, and certain when they stand before a name: `20 cl natas`, but `cola 33cl`. */
export const measures = ['cl', 'dl', 'lb', 'lbs', 'oz']
/** What things come in, and nothing else after a number: not `sacos de lixo`, `barras de cereais`, `molho de tomate`. */
export const containers = new Set(
  (
    'caixa caixas pacote pacotes lata latas garrafa garrafas garrafao garrafoes frasco frascos boiao boioes ' +
    'embalagem embalagens pack packs cuvete cuvetes grade grades maco macos ' +
    'caja cajas paquete paquetes botella botellas bote botes tarro tarros manojo manojos ' +
    'boxes packets cans tins bottles jars cartons tubs bunches'
  ).split(' ')
)
/** The same where `of` follows: `1 can opener` is a name. */
export const containersOf = new Set('box packet can tin bottle jar carton tub bunch'.split(' '))
/** After a number they belong to the name: `5 estrelas`, `2 em 1 champô`, `30 cm`. */
export const notCounted = new Set(
  (
    'em in en por a o up estrela estrelas star stars estrella estrellas ano anos year years dia dias day days ' +
    'mes meses month months hora horas hour hours h min mm cm km mg mcg ui iu va kw kwh mah gb tb mb ghz mhz ' +
    'volt volts watt watts graus grados degrees euro euros'
  ).split(' ')
)
/** Before a measure they make it part of the name: `saco de 5 kg`. */
export const prepositions = new Set(
  'de do da com com para por sem ate of for with to up from con sin hasta x'.split(' ')
)
export const ofWords = new Set(['de', 'of'])
export const numberWords: Readonly<Record<string, number>> = {
  meio: 500,
  meia: 500,
  medio: 500,
  media: 500,
  half: 500,
  um: 1000,
  uma: 1000,
  un: 1000,
  una: 1000,
  a: 1000,
  one: 1000,
  dois: 2000,
  duas: 2000,
  dos: 2000,
  two: 2000,
  tres: 3000,
  three: 3000,
  quatro: 4000,
  cuatro: 4000,
  four: 4000,
  cinco: 5000,
  five: 5000,
  seis: 6000,
  six: 6000
}
export const dozens = new Set('duzia duzias docena docenas dozen'.split(' '))
