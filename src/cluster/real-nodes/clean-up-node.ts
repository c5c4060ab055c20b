import { readFileSync } from 'node:fs'
import { runProgram } from '../../base/host/run-program.ts'
import { silentLogger } from '../../base/logger.ts'
import { removeLocalAddress } from '../../dns/local-address.ts'
import { Containerd } from '../../kubelet/containerd/containerd.ts'
import { Cgroups } from '../../kubelet/linux/cgroups.ts'
import { unmountBelow } from '../../kubelet/linux/mounts.ts'
import { PodNetwork } from '../../network/pod-network.ts'
import { NftTable } from '../../proxy/nft-table.ts'
import { releaseHostAddress } from '../nodes/host-address.ts'
import type { NodeConfig } from './node-config.ts'
import { cniBinaries, nodePaths } from './node-paths.ts'
import { sandboxImage } from './sandbox-image.ts'

/**
 * Takes back what a node's process has left on the machine after a crash: containerd with its containers,
 * networks, rules, mounts and groups. `network`: whether they are in the host's own network; a namespace of the
 * node's own goes as a whole.
 */
export async function cleanUpNode(configFile: string, network: 'host' | 'namespace'): Promise<void> {
  const config = JSON.parse(readFileSync(configFile, 'utf8')) as NodeConfig
  const paths = nodePaths(config.directory)
  const containerd = new Containerd({
    root: paths.containerdRoot,
    state: paths.containerdState,
    cni: { binDir: cniBinaries(), confDir: paths.cniConfig },
    sandboxImage,
    registries: [],
    streamAddress: '127.0.0.1',
    logger: silentLogger,
  })
  await containerd.stop()
  if (network === 'host') await removeHostNetwork(config)
  await unmountBelow(config.directory)
  const cgroups = await Cgroups.open({ prefix: [config.networkName], driver: 'cgroupfs' })
  await cgroups.removeAll()
}

async function removeHostNetwork(config: NodeConfig): Promise<void> {
  const paths = nodePaths(config.directory)
  await new PodNetwork({
    networkName: config.networkName,
    nodeName: config.name,
    nodeAddress: config.address,
    clusterCidr: config.network.podCidr,
    serviceCidrs: [config.network.serviceCidr],
    confDir: paths.cniConfig,
    stateDir: paths.cniState,
    logger: silentLogger,
    run: runProgram,
  }).remove()
  await new NftTable('IPv4', runProgram).remove()
  await removeLocalAddress(config.network.dnsAddress, runProgram)
  await releaseHostAddress(config.address, runProgram)
}
