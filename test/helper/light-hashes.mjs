// What servers of --fast load first: argon2 with the least work it takes, as nearly each test signs somebody up, and the work
// that keeps attackers away would be a fifth of the processor's time. The runs that are not --fast hash as people's servers do.

import argon2 from 'argon2'

const { hash, needsRehash } = argon2
const LIGHT = { memoryCost: 8, timeCost: 1 }

argon2.hash = (password, options) => hash(password, { ...options, ...LIGHT })
argon2.needsRehash = (stored, options) => needsRehash(stored, { ...options, ...LIGHT })
