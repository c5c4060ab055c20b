import { runProgram } from '../../base/host/run-program.ts'
import { silentLogger } from '../../base/logger.ts'
import { removeLocalAddress } from '../../dns/local-address.ts'
import { Containerd } from '../../kubelet/containerd/containerd.ts'
import { Cgroups } from '../../kubelet/linux/cgroups/cgroups.ts'
import { unmountBelow } from '../../kubelet/linux/mounts.ts'
import { PodNetwork } from '../../network/pod-network.ts'
import { removePolicyTable } from '../../network/policy/remove-policy-table.ts'
import { NftTable } from '../../proxy/nft-table.ts'
import { releaseHostAddress } from '../nodes/host-address.ts'
import { cgroupDriver } from './cgroup-driver.ts'
import { ownsMachineNetwork, releaseMachineNetwork } from './machine-network.ts'
import type { NodeConfig } from './node-config.ts'
import { cniBinaries, nodePaths } from './node-paths.ts'
import { sandboxImage } from './sandbox-image.ts'

/**
 * Takes back what a node's process has left on the machine after a crash: containerd with its containers,
 * networks, rules, mounts and groups. A network namespace of the node's own goes as a whole, later.
 */
export async function cleanUpNode(config: NodeConfig): Promise<void> {
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
  const ofMachine = config.networkNamespace === undefined
  if (ofMachine && ownsMachineNetwork(config.dataDirectory)) await removeMachineNetwork(config)
  await unmountBelow(config.directory)
  const cgroups = await Cgroups.open({ prefix: [config.networkName], driver: cgroupDriver() })
  await cgroups.removeAll()
}

async function removeMachineNetwork(config: NodeConfig): Promise<void> {
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
  await removePolicyTable(config.networkName, runProgram)
  await new NftTable('IPv4', runProgram).remove()
  await removeLocalAddress(config.network.dnsAddress, runProgram)
  await releaseHostAddress(config.address, runProgram)
  releaseMachineNetwork(config.dataDirectory)
}
