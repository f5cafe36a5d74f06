import { readFileSync } from 'node:fs'
import compare from 'semver/functions/compare.js'
import valid from 'semver/functions/valid.js'

/** This release, as in `0.2.0`. */
export const { version: release } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

export const isRelease = (text: string): boolean => valid(text) !== null

/** Whether a release is `oldest` or newer; a pre-release is older than what it leads to. False for what is no release. */
export const isAtLeast = (release: string, oldest: string): boolean =>
  isRelease(release) && isRelease(oldest) && compare(release, oldest) >= 0
