import type { RunProgram } from '../../base/host/run-program.ts'
import { inNetworkNamespace } from '../../base/host/run-program.ts'
import { acceptForwarding } from '../../network/accept-forwarding.ts'
import { type NodeNamespace, type NodeNetworks, tableName } from './node-networks.ts'

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )

async function createBridge(networks: NodeNetworks, run: RunProgram): Promise<void> {
  const { bridge, hostAddress, prefixBits } = networks
  if (!(await succeeds(run('ip', ['link', 'show', bridge])))) {
    await run('ip', ['link', 'add', bridge, 'type', 'bridge'])
  }
  // Given expressly, for a bridge without one takes its lowest port's, and loses its neighbours when that goes.
  const mac = [
    '02',
    '59',
    ...hostAddress.split('.').map((part) => Number(part).toString(16).padStart(2, '0')),
  ]
  await run('ip', ['link', 'set', bridge, 'address', mac.join(':'), 'up'])
  await run('ip', ['address', 'replace', `${hostAddress}/${prefixBits}`, 'dev', bridge])
}

async function createNamespace(node: NodeNamespace, networks: NodeNetworks, run: RunProgram): Promise<void> {
  const { namespace, path, hostInterface, address } = node
  if (!(await succeeds(run('nsenter', [`--net=${path}`, 'true'])))) {
    await succeeds(run('ip', ['netns', 'del', namespace]))
    await run('ip', ['netns', 'add', namespace])
  }
  const inside = inNetworkNamespace(path, run)
  if (!(await succeeds(inside('ip', ['link', 'show', 'eth0'])))) {
    await succeeds(run('ip', ['link', 'del', hostInterface]))
    const peer = ['peer', 'name', 'eth0', 'netns', namespace]
    await run('ip', ['link', 'add', hostInterface, 'type', 'veth', ...peer])
  }
  await run('ip', ['link', 'set', hostInterface, 'master', networks.bridge, 'up'])
  await inside('ip', ['link', 'set', 'lo', 'up'])
  await inside('ip', ['address', 'replace', `${address}/${networks.prefixBits}`, 'dev', 'eth0'])
  await inside('ip', ['link', 'set', 'eth0', 'up'])
  await inside('ip', ['route', 'replace', 'default', 'via', networks.hostAddress])
}

/** Nodes leave the machine under its own address. */
async function masquerade(networks: NodeNetworks, run: RunProgram): Promise<void> {
  const { clusterId, subnet, bridge } = networks
  const table = `ip ${tableName(clusterId)}`
  const commands = [
    `add table ${table}`,
    `delete table ${table}`,
    `add table ${table} { comment "nodes that leave this machine"; }`,
    `add chain ${table} postrouting { type nat hook postrouting priority 100; }`,
    `add rule ${table} postrouting ip saddr ${subnet} oifname != "${bridge}" masquerade`,
  ]
  await run('nft', ['-f', '-'], { input: `${commands.join('\n')}\n` })
}

async function forward(networks: NodeNetworks, clusterCidr: string, run: RunProgram): Promise<void> {
  const file = '/proc/sys/net/ipv4/ip_forward'
  await run('sh', ['-c', `[ "$(cat ${file})" = 1 ] || echo 1 > ${file}`])
  await acceptForwarding(networks.subnet, tableName(networks.clusterId), run)
  // Frames between nodes pass the host's rules too, where br_netfilter is loaded.
  await acceptForwarding(clusterCidr, tableName(networks.clusterId), run)
}

/** Makes what is not there yet: the bridge, and a namespace wired to it for each node. Needs root. */
export async function createNodeNetworks(
  networks: NodeNetworks,
  clusterCidr: string,
  run: RunProgram,
): Promise<void> {
  await createBridge(networks, run)
  await Promise.all([
    masquerade(networks, run),
    forward(networks, clusterCidr, run),
    ...networks.nodes.map((node) => createNamespace(node, networks, run)),
  ])
}
