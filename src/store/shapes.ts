/**
 * Objects whose members are known when a statement is put together, each of one shape, made by a function that is written out
 * for it. All that is read of a list goes through here: setting names one after the other, which the engine does not know
 * beforehand, took a tenth of the time of a list's page.
 */
const written = <F>(argument: string, names: readonly string[], read: (name: string, place: number) => string): F => {
  const members = names.map((name, place) => `${JSON.stringify(name)}: ${read(name, place)}`)
  return new Function(argument, `return { ${members.join(', ')} }`) as F
}

/** Makes a row of its values, which come in the order of its names. */
export const rowMaker = <Row>(names: readonly (keyof Row & string)[]): ((values: readonly unknown[]) => Row) =>
  written('values', names, (_name, place) => `values[${place}]`)

/** Takes some members of an object. */
export const picker = <O, K extends keyof O & string>(names: readonly K[]): ((from: O) => Pick<O, K>) =>
  written('from', names, name => `from[${JSON.stringify(name)}]`)
