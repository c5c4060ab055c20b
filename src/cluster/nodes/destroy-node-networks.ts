import type { RunProgram } from '../../base/host/run-program.ts'
import { refuseForwarding } from '../../network/accept-forwarding.ts'
import { Routes } from '../../network/route.ts'
import { bridgeName, interfacePrefix, namespacePrefix, tableName } from './node-networks.ts'

/** The part of `ip -j link` and of `ip -j netns` that matters. */
interface ListedLink {
  readonly ifname?: string
}
interface ListedNamespace {
  readonly name?: string
}

function parse<T>(output: string): readonly T[] {
  const text = output.trim()
  if (text === '') return []
  const list: readonly T[] = JSON.parse(text)
  return list
}

/**
 * Removes the networks of a cluster's nodes, by the names that its id gives them: also what a crashed process
 * left, also where nothing is there. Whoever lives in the namespaces has to be gone. Needs root.
 */
export async function destroyNodeNetworks(
  clusterId: string,
  clusterCidr: string,
  run: RunProgram,
): Promise<void> {
  const routes = new Routes(run)
  for (const route of await routes.ours([clusterCidr])) await routes.remove(route)
  const namespaces = parse<ListedNamespace>(await run('ip', ['-j', 'netns', 'list']))
  for (const { name = '' } of namespaces) {
    if (name.startsWith(namespacePrefix(clusterId))) await run('ip', ['netns', 'del', name])
  }
  const links = parse<ListedLink>(await run('ip', ['-j', 'link', 'show']))
  for (const { ifname = '' } of links) {
    const ours = ifname === bridgeName(clusterId) || ifname.startsWith(interfacePrefix(clusterId))
    // A wire goes with its namespace, a moment later.
    if (ours) await run('ip', ['link', 'del', ifname]).catch(() => {})
  }
  const table = `ip ${tableName(clusterId)}`
  await run('nft', ['-f', '-'], { input: `add table ${table}\ndelete table ${table}\n` })
  await refuseForwarding(tableName(clusterId), run)
}
