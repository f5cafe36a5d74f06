/** What a run found, a row for each figure. */

const rows: { what: string; measured: string; aim: string; holds: boolean }[] = []

export function report(what: string, measured: string, aim: string, holds: boolean): void {
  rows.push({ what, measured, aim, holds })
  console.error(`${holds ? 'holds' : 'MISSED'}: ${what}: ${measured} (aim: ${aim})`)
}

export const allHold = (): boolean => rows.every(row => row.holds)

export function printTable(): void {
  console.log('| what | measured | aim |\n|---|---|---|')
  for (const { what, measured, aim, holds } of rows)
    console.log(`| ${what} | ${measured}${holds ? '' : ' **missed**'} | ${aim} |`)
}

/** The value below which the part `share` of them lies. */
export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export const figure = (n: number): string => n.toLocaleString('en', { maximumFractionDigits: n < 10 ? 2 : 0 })
