import { Node } from '../../../api/core/node/kind.ts'
import { PersistentVolume } from '../../../api/core/persistent-volume/kind.ts'
import { storageClassOf } from '../../../api/core/persistent-volume/storage-class.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { CSIDriver } from '../../../api/storage/csi-driver/kind.ts'
import { CSINode } from '../../../api/storage/csi-node/kind.ts'
import { CSIStorageCapacity } from '../../../api/storage/csi-storage-capacity/kind.ts'
import { StorageClass } from '../../../api/storage/storage-class/kind.ts'
import { messageOf } from '../../../base/message-of.ts'
import {
  canUseVolume,
  isFullyBound,
  selectedNodeAnnotation,
  volumeForClaim,
} from '../../../reconcile/match-volume.ts'
import { AssumedObjects } from '../../assumed-objects.ts'
import { ChangeWaiter } from '../../change-waiter.ts'
import type { PluginContext } from '../../framework.ts'
import { inTreePluginOf, zonesOf } from '../../in-tree-volumes.ts'
import type { PodVolumes, VolumeSources } from './find-volumes.ts'
import { migratedAffinity } from './migrated-affinity.ts'

type Claim = core.v1.PersistentVolumeClaim
type Volume = core.v1.PersistentVolume

/** Of a CSINode: the plugins whose volumes its drivers have, one after another. */
export const migratedPlugins = 'storage.alpha.kubernetes.io/migrated-plugins'

const byClass = (volume: Volume): readonly string[] => [storageClassOf(volume)]

/** What has been assumed for a pod: volumes with their claims' names, claims with their selected node. */
export interface AssumedVolumes {
  readonly node: string
  readonly volumes: readonly { readonly volume: Volume; readonly claim: Claim }[]
  readonly claims: readonly Claim[]
}

/** The caches of volumes and claims with what is assumed of them, and the writes that make it so. */
export class VolumeBinder {
  readonly sources: VolumeSources
  readonly claims: AssumedObjects<Claim>
  readonly #volumes: AssumedObjects<Volume>
  readonly #nodes
  readonly #csiNodes
  readonly #context: PluginContext
  readonly #timeoutMs: number
  readonly #waiter: ChangeWaiter

  constructor(context: PluginContext, timeoutMs: number) {
    const { informers } = context
    this.#context = context
    this.#timeoutMs = timeoutMs
    const volumes = informers.informer(PersistentVolume)
    volumes.addIndexers({ storageClass: byClass })
    const claims = informers.informer(PersistentVolumeClaim)
    this.#volumes = new AssumedObjects(volumes)
    this.claims = new AssumedObjects(claims)
    this.#waiter = new ChangeWaiter(context.host)
    volumes.onChange(this.#waiter.wake)
    claims.onChange(this.#waiter.wake)
    this.#nodes = informers.informer(Node).lister
    const classes = informers.informer(StorageClass).lister
    const drivers = informers.informer(CSIDriver).lister
    this.#csiNodes = informers.informer(CSINode).lister
    const capacities = informers.informer(CSIStorageCapacity).lister
    this.sources = {
      volume: (name) => this.#volumes.get('', name),
      volumesOf: (storageClass) => this.#volumes.byIndex('storageClass', storageClass),
      storageClass: (claim) => classes.get('', storageClassOf(claim)),
      driver: (name) => drivers.get('', name),
      canUse: (volume, node) => canUseVolume(this.#asOn(volume, node), node),
      capacities: () => capacities.list(),
    }
  }

  assume(node: string, { bindings, provisions }: PodVolumes): AssumedVolumes {
    const assumed = {
      node,
      volumes: bindings.map(({ claim, volume }) => ({ claim, volume: volumeForClaim(volume, claim) })),
      claims: provisions.map((claim) => ({
        ...claim,
        metadata: {
          ...claim.metadata,
          annotations: { ...claim.metadata?.annotations, [selectedNodeAnnotation]: node },
        },
      })),
    }
    for (const { volume } of assumed.volumes) this.#volumes.assume(volume)
    for (const claim of assumed.claims) this.claims.assume(claim)
    return assumed
  }

  revert({ volumes, claims }: AssumedVolumes): void {
    for (const { volume } of volumes) this.#volumes.restore(volume)
    for (const claim of claims) this.claims.restore(claim)
  }

  /** Writes what is assumed and resolves when all claims are bound; rejects when that is given up or cannot be any more. */
  async bind(assumed: AssumedVolumes, signal: AbortSignal): Promise<void> {
    const { client } = this.#context
    // Where another pod has written the same, nothing changes, and there is nothing to be seen.
    const replaced = new Set<string | undefined>()
    const replace = (old: Volume | Claim, written: Volume | Claim): void => {
      const version = old.metadata?.resourceVersion
      if (written.metadata?.resourceVersion !== version) replaced.add(version)
    }
    for (const { volume } of assumed.volumes)
      replace(volume, await client.resource(PersistentVolume).update(volume))
    for (const claim of assumed.claims)
      replace(claim, await client.resource(PersistentVolumeClaim).update(claim))
    try {
      await this.#waiter.until(() => this.#isBound(assumed, replaced), this.#timeoutMs, signal)
    } catch (error) {
      throw new Error(`binding volumes: ${messageOf(error)}`)
    }
  }

  /** `replaced`: versions of before the writes. */
  #isBound({ node, volumes, claims }: AssumedVolumes, replaced: ReadonlySet<string | undefined>): boolean {
    const there = this.#nodes.get('', node)
    if (there === undefined) throw new Error(`failed to get node "${node}"`)
    for (const { volume, claim } of volumes) {
      const seen = this.#volumes.seen('', volume.metadata?.name ?? '')
      if (seen === undefined) throw new Error('failed to check binding: the volume is not there any more')
      if (replaced.has(seen.metadata?.resourceVersion)) return false
      if (!seen.spec?.claimRef?.uid) throw new Error(`ClaimRef got reset for pv "${volume.metadata?.name}"`)
      this.#check(seen, there)
      if (!this.#isClaimBound(claim)) return false
    }
    for (const claim of claims) {
      const seen = this.#seenClaim(claim)
      if (replaced.has(seen.metadata?.resourceVersion)) return false
      if (seen.metadata?.annotations?.[selectedNodeAnnotation] !== node)
        throw new Error(`provisioning failed for PVC "${claim.metadata?.name}"`)
      const volume = this.#volumes.seen('', seen.spec?.volumeName ?? '')
      if (volume !== undefined) this.#check(volume, there)
      if (!isFullyBound(seen)) return false
    }
    return true
  }

  #seenClaim({ metadata }: Claim): Claim {
    const seen = this.claims.seen(metadata?.namespace ?? '', metadata?.name ?? '')
    if (seen === undefined) throw new Error('failed to check binding: the claim is not there any more')
    return seen
  }

  #isClaimBound(claim: Claim): boolean {
    return isFullyBound(this.#seenClaim(claim))
  }

  /** With what it asks of a node that has handed its plugin's volumes over to a CSI driver. */
  #asOn(volume: Volume, { metadata }: core.v1.Node): Volume {
    const plugin = inTreePluginOf(volume.spec)
    if (plugin?.handleOf === undefined || volume.spec === undefined) return volume
    const migrated = this.#csiNodes.get('', metadata?.name ?? '')?.metadata?.annotations?.[migratedPlugins]
    if (!migrated?.split(',').includes(plugin.name)) return volume
    try {
      plugin.handleOf(volume.spec, zonesOf(volume))
    } catch (error) {
      throw new Error(`could not translate pv: ${messageOf(error)}`)
    }
    const nodeAffinity = plugin.zoneLabel && migratedAffinity(volume, plugin.zoneLabel)
    return nodeAffinity ? { ...volume, spec: { ...volume.spec, nodeAffinity } } : volume
  }

  #check(volume: Volume, node: core.v1.Node): void {
    if (this.sources.canUse(volume, node)) return
    const [name, at] = [volume.metadata?.name, node.metadata?.name]
    throw new Error(`pv "${name}" node affinity doesn't match node "${at}": no matching NodeSelectorTerms`)
  }
}
