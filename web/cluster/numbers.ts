const locale = document.documentElement.lang

/** As the page's language writes them. */
export const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
export const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
export const tenths = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
export const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 })
