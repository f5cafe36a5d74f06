import { isIP } from 'node:net'

export type Env = Record<string, string | undefined>

/** Collects mistakes, so that all of them are told at once. */
export class EnvReader {
  readonly mistakes: string[] = []
  readonly env: Env

  constructor(env: Env) {
    this.env = env
  }

  fail(line: string): void {
    this.mistakes.push(line)
  }

  text(name: string): string | undefined {
    const value = this.env[name]?.trim()
    return value === '' ? undefined : value
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const value = this.text(name)
    if (value === undefined) return fallback
    if (/^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value)
    this.fail(`${name}: got ${quote(value)}, expects a whole number from ${min} to ${max}`)
    return fallback
  }

  oneOf<T extends string>(name: string, fallback: T, allowed: readonly T[]): T {
    const value = this.text(name)
    if (value === undefined) return fallback
    const found = allowed.find(item => item === value.toLowerCase())
    if (found) return found
    this.fail(`${name}: got ${quote(value)}, expects ${allowed.join(', ')}`)
    return fallback
  }
}

export const quote = (value: string) => JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)

export const isAddress = (text: string) => isIP(text) !== 0
export const isHost = (text: string) => isAddress(text) || /^[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?$/i.test(text)
