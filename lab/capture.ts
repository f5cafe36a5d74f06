import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CAPTURE_ENDED, CAPTURE_STARTED } from './budgets.ts'
import { docker } from './docker.ts'
import type { Lab } from './lab.ts'
import type { Host } from './network.ts'
import { within } from './waiting.ts'

/** Packets that are being written to a file, for Wireshark and for a scenario's claims. */
export interface Capture {
  /** Ends it, and gives each packet as a line of tcpdump's text. */
  read: () => Promise<string[]>
  /** Ends it. What has ended stays so. */
  end: () => Promise<void>
}

/**
 * Captures the packets that `host` sees and `filter` (pcap's language) lets pass, into `file`.
 * @throws Error when tcpdump does not listen in time
 */
export async function startCapture(lab: Lab, host: Host, file: string, filter: string): Promise<Capture> {
  const container = `${lab.project}-capture-${basename(file, '.pcap')}`
  const tcpdump = ['--entrypoint', 'tcpdump', 'carrinho-client']
  // One that an earlier run left behind holds the name.
  await docker(['rm', '--force', container]).catch(() => '')
  const child = spawn(
    'docker',
    [
      ...['run', '--rm', '--name', container, '--network', `container:${lab.container(host)}`],
      ...[...tcpdump, '-i', 'eth0', '-U', '--immediate-mode', '-w', '-', ...filter.split(' ')]
    ],
    { detached: true }
  )
  const out = createWriteStream(file)
  child.stdout.pipe(out)
  const listening = new Promise<true>(resolve => {
    child.stderr.on('data', chunk => String(chunk).includes('listening on') && resolve(true))
  })
  const ended = once(out, 'close')
  const end = async () => {
    await docker(['kill', '--signal', 'INT', container]).catch(() => undefined)
    await within(CAPTURE_ENDED, ended)
  }
  if (!(await within(CAPTURE_STARTED, listening))) {
    await end()
    throw new Error(`the capture on ${host} did not start`)
  }
  const read = async () => {
    // What was just sent is still on its way through the kernel.
    await sleep(500)
    await end()
    const mount = ['--volume', `${dirname(file)}:/capture:ro`]
    const text = await docker([
      ...['run', '--rm', ...mount, ...tcpdump, '-nn', '-tt', '-r', `/capture/${basename(file)}`, '-v', '-A']
    ])
    // A packet's details and content follow on lines of their own.
    return text.split(/\n(?=\d+\.\d+ )/).map(packet => packet.replace(/\s+/g, ' '))
  }
  return { read, end }
}
