import { docker } from '../docker.ts'
import { areHealthy, type FaultKind } from './fault.ts'

/**
 * The engine gives a host that comes back a new interface, eth1 and then eth2, whereas a cable goes back into the socket that it
 * came from, and Keepalived and pgpool look for their address there. Hosts that hold no address may not do it, and need not.
 */
const PLUG_INTO_ETH0 = `
  command -v ip >/dev/null || exit 0
  name=$(ip -o -4 address show to "$1/32" | awk '{ print $2 }')
  [ "$name" != eth0 ] || exit 0
  route=$(ip route show default | sed "s/dev $name/dev eth0/")
  ip link set "$name" down 2>/dev/null || exit 0
  ip link set "$name" name eth0 && ip link set eth0 up || exit 1
  echo "$name $(cat /sys/class/net/eth0/ifindex)" >/run/engine-name
  [ -z "$route" ] || ip route replace $route`

/** The engine knows the interface by the name that it gave, and would leave one of another name where it is: no cut at all. */
const NAME_AS_BEFORE = `
  read -r name index 2>/dev/null </run/engine-name || exit 0
  rm /run/engine-name
  [ "$index" = "$(cat /sys/class/net/eth0/ifindex)" ] || exit 0
  ip link set eth0 down && ip link set eth0 name "$name"`

/** The network cable is pulled: no packet in or out, and nobody is told. */
export const cut: FaultKind = (...hosts) => ({
  name: `network cut of ${hosts.join(' and ')}`,
  inject: async lab => {
    for (const host of hosts) {
      await docker(['exec', lab.container(host), 'sh', '-c', NAME_AS_BEFORE])
      await docker(['network', 'disconnect', `${lab.project}_lab`, lab.container(host)])
    }
  },
  heal: async lab => {
    for (const host of hosts) {
      const networks = await docker(['inspect', '--format', '{{json .NetworkSettings.Networks}}', lab.container(host)])
      if (!Object.hasOwn(JSON.parse(networks), `${lab.project}_lab`))
        await docker(['network', 'connect', '--ip', lab.address(host), `${lab.project}_lab`, lab.container(host)])
      await docker(['exec', lab.container(host), 'sh', '-c', PLUG_INTO_ETH0, 'sh', lab.address(host)])
    }
  },
  isHealed: lab => areHealthy(lab, hosts)
})
