const EVERY_MS = 3000
/** A file is no cluster, and a computer's disk shall be allowed to sleep. */
const EMBEDDED_EVERY_MS = 60_000
/** Missing so many beats, a server is not counted on any more. */
const MISSED_BEATS = 5

/** How often a web server notes in the database that it serves. */
export const beatMs = (engine: string): number => (engine === 'sqlite' ? EMBEDDED_EVERY_MS : EVERY_MS)

/** How long after its last beat a server still counts as serving. */
export const liveMs = (engine: string): number => MISSED_BEATS * beatMs(engine)

/**
 * How long after its last beat a server is still asked whether it has a database. Longer than it counts as serving: one that was
 * itself without a database for a while has not beaten, and may be the only one that has it when others lose it.
 */
export const ASKED_MS = 10 * 60_000
