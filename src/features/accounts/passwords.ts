import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import argon2 from 'argon2'
import { hashLanes } from '../../config/config.ts'
import { takeTurns } from './turns.ts'

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const ARGON2 = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export type Passwords = ReturnType<typeof createPasswords>

/**
 * Hashing, at most `lanes` at a time: each hash takes a processor for some 30 ms, and pages must be answered meanwhile.
 * Verifying takes argon2id's time whatever the account's hash is, also when there is no account at all.
 */
export function createPasswords(lanes = hashLanes) {
  const lane = takeTurns(lanes)
  const inLane = <R>(work: () => Promise<R>): Promise<R> => lane('hash', work)
  // Made at first use; nobody knows its password.
  let nobody: Promise<string> | undefined

  const hash = (password: string): Promise<string> => inLane(() => argon2.hash(password.normalize('NFC'), ARGON2))

  const checkOf = async (stored: string | undefined): Promise<(password: string) => Promise<boolean>> => {
    if (stored?.startsWith('$argon2id$')) return password => argon2.verify(stored, password)
    const werkzeug = stored === undefined ? undefined : parseWerkzeug(stored)
    if (werkzeug) return password => verifyWerkzeug(werkzeug, password)
    nobody ??= hash(crypto.randomUUID())
    const decoy = await nobody
    return async password => {
      await argon2.verify(decoy, password)
      return false
    }
  }

  return {
    /** Of the password as composed characters (NFC), however it was typed. @throws AppError busy */
    hash,

    /**
     * Whether `password` is what `stored` was made from. A plaintext, as the guide's INSERT has it, is never accepted.
     * @throws AppError busy
     */
    async verify(stored: string | undefined, password: string): Promise<boolean> {
      const check = await checkOf(stored)
      for (const spelling of spellings(password)) if (await inLane(() => check(spelling))) return true
      return false
    },

    /** True for hashes that are not what `hash` makes today. */
    needsUpgrade: (stored: string): boolean => !stored.startsWith('$argon2id$') || argon2.needsRehash(stored, ARGON2)
  }
}

const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

/**
 * What a password that was typed may have been hashed as: composed; as it came, in older hashes; decomposed, in those of
 * people who chose it on a Mac; and without what came along when it was pasted. One, unless it holds such characters.
 */
function spellings(password: string): Set<string> {
  const visible = password.replace(INVISIBLE, '')
  return new Set([password.normalize('NFC'), visible.normalize('NFC'), password, password.normalize('NFD')])
}

interface WerkzeugHash {
  method: 'pbkdf2' | 'scrypt'
  args: string[]
  salt: string
  digest: Buffer
}

/** `pbkdf2:sha256:150000$salt$hex` and `scrypt:32768:8:1$salt$hex`, as Werkzeug's generate_password_hash writes them. */
function parseWerkzeug(stored: string): WerkzeugHash | undefined {
  const match = /^(pbkdf2|scrypt)((?::[\w-]+)*)\$([^$]+)\$([0-9a-f]{32,128})$/.exec(stored)
  const [, method, args = '', salt = '', hex = ''] = match ?? []
  if (method !== 'pbkdf2' && method !== 'scrypt') return undefined
  return { method, args: args.split(':').slice(1), salt, digest: Buffer.from(hex, 'hex') }
}

const derivePbkdf2 = promisify(pbkdf2)
const deriveScrypt = promisify<string, string, number, object, Buffer>(scrypt)

async function verifyWerkzeug({ method, args, salt, digest }: WerkzeugHash, password: string): Promise<boolean> {
  try {
    const derived =
      method === 'pbkdf2'
        ? await derivePbkdf2(
            password,
            salt,
            numberIn(args[1] ?? '150000', 10_000_000),
            digest.length,
            args[0] ?? 'sha256'
          )
        : await deriveScrypt(password, salt, digest.length, scryptCost(args))
    return timingSafeEqual(derived, digest)
  } catch {
    return false // a digest or cost that Node does not know: the same as a wrong password
  }
}

function scryptCost([n = '32768', r = '8', p = '1']: string[]) {
  const N = numberIn(n, 1 << 20)
  const blocks = numberIn(r, 32)
  return { N, r: blocks, p: numberIn(p, 16), maxmem: 256 * N * blocks }
}

/** A damaged row must not keep a processor busy for an hour. */
function numberIn(text: string, max: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > max) throw new RangeError(`not a cost: ${text}`)
  return value
}
