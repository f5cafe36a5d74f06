import { STATE_REACHED } from '../budgets.ts'
import { docker } from '../docker.ts'
import type { Lab } from '../lab.ts'
import type { Host } from '../network.ts'
import { waitFor } from '../waiting.ts'
import { areHealthy, type Fault } from './fault.ts'

const NEXT = 'carrinho-web-next'

/** A command in the next release's image, on the lab's database. */
const runNext = (lab: Lab, ...command: string[]) =>
  lab.compose(['run', '--rm', '--no-deps', '--no-TTY', 'next', 'node', ...command])
const migrate = (lab: Lab) => runNext(lab, 'dist/cli.js', 'migrate')

const isNext = async (lab: Lab, host: Host) =>
  (await docker(['inspect', '--format', '{{.Config.Image}}', lab.container(host)])).trim() === NEXT

/** The releases of the servers that `status` lists, each once, as in `0.2.0 and 99.0.0`. */
async function findReleases(lab: Lab): Promise<string> {
  const status = await runNext(lab, 'dist/cli.js', 'status')
  const releases = [...status.matchAll(/^server: .*, release ([^,]+),/gm)].map(([, release]) => release)
  return [...new Set(releases)].sort().join(' and ')
}

/**
 * A release with a migration, rolled out and taken back: `migrate`, which holds back what the servers that are there need;
 * each web server in turn; `migrate` again, which contracts. `serverFirst`: one of the new servers is there before the
 * migration, and waits for it.
 * @throws Error when `migrate` contracts while an old server is there, or does not when there is none
 */
function roll(name: string, serverFirst: boolean, hosts: readonly Host[]): Fault {
  let seen: string | undefined
  return {
    name: `${name} on ${hosts.join(' and ')}`,

    inject: async lab => {
      seen = undefined
      const [first] = hosts as [Host]
      if (serverFirst) {
        await lab.recreate({ WEB_IMAGE: NEXT }, first)
        await waitFor(`${first} to say what it waits for`, STATE_REACHED, async () =>
          (await readiness(lab, first)).includes('9001-next-mark: run carrinho migrate')
        )
      }
      const told = await migrate(lab)
      if (!/^held back 9002-no-next-mark/m.test(told)) throw new Error(`migrate held nothing back: ${told}`)
      if (serverFirst) await lab.waitUntilHealthy(first)
      else await lab.reconfigure({ WEB_IMAGE: NEXT }, [first])
      let sideBySide = ''
      await waitFor('servers of both releases', STATE_REACHED, async () => {
        sideBySide = await findReleases(lab)
        return sideBySide.includes(' and ')
      })
      await lab.reconfigure({ WEB_IMAGE: NEXT }, hosts.slice(1))
      const contracted = await migrate(lab)
      if (!/^applied 9002-no-next-mark/m.test(contracted)) throw new Error(`migrate took nothing away: ${contracted}`)
      seen = `servers of ${sideBySide} side by side; 9002-no-next-mark held back, and applied when the old ones had ended`
    },

    heal: async lab => {
      const changed: Host[] = []
      for (const host of hosts) if (await isNext(lab, host)) changed.push(host)
      await runNext(lab, 'undo.mjs', 'contract')
      await lab.reconfigure({}, changed)
      await runNext(lab, 'undo.mjs', 'all')
    },

    isHealed: lab => areHealthy(lab, hosts),
    effect: async () => seen
  }
}

async function readiness(lab: Lab, host: Host): Promise<string> {
  const answer = await lab.get('/health/ready', { host: `${lab.address(host)}:5000` }).catch(() => undefined)
  return answer?.body ?? ''
}

export const nextRelease = (...hosts: [Host, ...Host[]]): Fault => roll('a release with a migration', false, hosts)
export const nextReleaseServerFirst = (...hosts: [Host, ...Host[]]): Fault =>
  roll('a release with a migration, a server first,', true, hosts)
