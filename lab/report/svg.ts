export const escapeText = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** Told apart by people who do not see all colours; every mark has its own row besides. */
export const PALETTE = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00']
export const FAILURE = '#b00020'

export const round = (value: number) => Math.round(value * 10) / 10
