/** Zero widths, direction marks, soft hyphens, …: what comes along when an e-mail is pasted from a chat, and nobody can type. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu
const AROUND = /^[\s\p{Cc}]+|[\s\p{Cc}]+$/gu

export const MAX_EMAIL = 255

/** The e-mail as a person means it: without what is around it and what cannot be seen, composed (NFC). */
export const cleanEmail = (email: string): string => email.replace(INVISIBLE, '').replace(AROUND, '').normalize('NFC')

/** What an account is found by, byte for byte: the e-mail without the differences that people do not mean. */
export const emailKey = (email: string): string => cleanEmail(email).toLowerCase().normalize('NFC')

/** What releases before took for the key. An account may still have such a one, where another has the better. */
export const formerEmailKey = (email: string): string => email.trim().toLowerCase()

export const fitsKey = (key: string): boolean => key !== '' && (key.length <= MAX_EMAIL || [...key].length <= MAX_EMAIL)
