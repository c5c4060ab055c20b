import { claimNameOf } from '../../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { inTreePluginOf } from '../../in-tree-volumes.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { NodeTableObserver } from '../../node-table.ts'
import type { PodInfo } from '../../pod-info.ts'

/** How many of a pod's volumes may be a CSI driver's: claims', and those of plugins whose volumes drivers have taken over. */
export const attachableVolumes = (pod: core.v1.Pod): number =>
  (pod.spec?.volumes ?? []).filter(
    (volume) => claimNameOf(pod, volume) !== undefined || inTreePluginOf(volume) !== undefined,
  ).length

/** How many such volumes the pods of each node have: no driver has more of them there. */
export class AttachableVolumes implements NodeTableObserver {
  readonly #counts = new Map<string, number>()

  /** By a node's name. */
  on(node: string): number {
    return this.#counts.get(node) ?? 0
  }

  nodeComes(): void {}

  nodeLeaves({ name }: NodeInfo): void {
    this.#counts.delete(name)
  }

  podAdded(node: NodeInfo, { pod }: PodInfo): void {
    this.#add(node, attachableVolumes(pod))
  }

  podRemoved(node: NodeInfo, { pod }: PodInfo): void {
    this.#add(node, -attachableVolumes(pod))
  }

  #add({ name }: NodeInfo, count: number): void {
    if (count !== 0) this.#counts.set(name, this.on(name) + count)
  }
}
