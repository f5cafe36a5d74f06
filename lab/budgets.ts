// Every time the lab allows itself, in milliseconds. LAB_TIME_FACTOR stretches them on a slow or busy machine; what is
// measured is never stretched, and no figure of a claim is in here.

const factor = Number(process.env.LAB_TIME_FACTOR ?? 1)
if (!(factor >= 0.5 && factor <= 10)) throw new Error('LAB_TIME_FACTOR: expects a number from 0.5 to 10')

const ms = (value: number) => value * factor

/** All hosts of a scenario up, a cluster formed, the schema there and the site ready. */
export const SITE_READY = ms(120_000)
/** A host that was broken is back in service. */
export const HEALED = ms(60_000)
/** One look at whether a host is in service: a command in it, on a machine that all the hosts share. */
export const HEALTH_LOOK = ms(5_000)
/** Every customer of the workload has signed in. */
export const CUSTOMERS_READY = ms(45_000)
/** The workload ends: actions under way are finished, the final lists read. */
export const WORKLOAD_END = ms(75_000)
/** A state that a scenario waits for, such as an address that moves. */
export const STATE_REACHED = ms(20_000)
/** One command inside a host. */
export const COMMAND = ms(20_000)
/** What earlier runs wrote on the shared storage is deleted: tens of thousands of files, one after the other. */
export const STORAGE_EMPTIED = ms(240_000)
/** Building images and starting containers. */
export const COMPOSE = ms(900_000)
/** tcpdump listens. */
export const CAPTURE_STARTED = ms(15_000)
/** tcpdump has written its last packet. */
export const CAPTURE_ENDED = ms(5_000)
