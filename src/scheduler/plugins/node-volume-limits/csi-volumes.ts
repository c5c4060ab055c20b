import { PersistentVolume } from '../../../api/core/persistent-volume/kind.ts'
import { storageClassOf } from '../../../api/core/persistent-volume/storage-class.ts'
import { claimNameOf, isClaimOfPod } from '../../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import type { core, storage } from '../../../api/generated/types/index.ts'
import { StorageClass } from '../../../api/storage/storage-class/kind.ts'
import { VolumeAttachment } from '../../../api/storage/volume-attachment/kind.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { InformerFactory } from '../../../client/informer.ts'
import { inTreePlugin, inTreePluginOf, zonesOf } from '../../in-tree-volumes.ts'

/** Distinct volumes, each with its driver. */
export type VolumesByDriver = Map<string, string>

interface CsiVolume {
  readonly driver: string
  readonly handle: string
}

const byNode = (attachment: storage.v1.VolumeAttachment): readonly string[] => [attachment.spec.nodeName]

/** Knows the CSI volumes of pods and nodes. */
export class CsiVolumes {
  readonly #claims
  readonly #volumes
  readonly #classes
  readonly #attachments

  constructor(informers: Pick<InformerFactory, 'informer'>) {
    this.#claims = informers.informer(PersistentVolumeClaim).lister
    this.#volumes = informers.informer(PersistentVolume).lister
    this.#classes = informers.informer(StorageClass).lister
    const attachments = informers.informer(VolumeAttachment)
    attachments.addIndexers({ node: byNode })
    this.#attachments = attachments.lister
  }

  /**
   * Adds a pod's volumes; returns the name of a claim that is not there. `migrated`: those that drivers have taken over too, as on
   * nodes that say what drivers they have.
   */
  addVolumesOf(pod: core.v1.Pod, migrated: boolean, into: VolumesByDriver): string | undefined {
    const namespace = pod.metadata?.namespace ?? ''
    const add = ({ driver, handle }: CsiVolume): unknown => into.set(`${driver}/${handle}`, driver)
    let absent: string | undefined
    for (const volume of pod.spec?.volumes ?? []) {
      const name = claimNameOf(pod, volume)
      if (name === undefined) {
        const inline = migrated ? inlineCsi(volume) : undefined
        if (inline) add(inline)
        continue
      }
      const claim = this.#claims.get(namespace, name)
      if (claim === undefined) {
        absent ??= name
        continue
      }
      if (volume.ephemeral !== undefined && !isClaimOfPod(claim, pod))
        throw new Error(
          `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata?.name} (pod is not owner)`,
        )
      const csi = this.#csiOf(claim, migrated)
      if (csi) add(csi)
    }
    return absent
  }

  /** How many volumes are attached to a node, used or not. */
  attachments(node: string): number {
    return this.#attachments.countByIndex('node', node)
  }

  /** What is attached to a node, used or not, each with who attached it. */
  attachedTo(node: string): VolumesByDriver {
    const attached: VolumesByDriver = new Map()
    for (const { spec } of this.#attachments.byIndex('node', node)) {
      const csi = this.#volumes.get('', spec.source.persistentVolumeName ?? '')?.spec?.csi
      if (csi) attached.set(`${spec.attacher}/${csi.volumeHandle}`, spec.attacher)
    }
    return attached
  }

  #csiOf(claim: core.v1.PersistentVolumeClaim, migrated: boolean): CsiVolume | undefined {
    const bound = this.#volumes.get('', claim.spec?.volumeName ?? '')
    if (bound !== undefined) {
      const { csi } = bound.spec ?? {}
      if (csi !== undefined) return { driver: csi.driver, handle: csi.volumeHandle }
      return migrated ? migratedCsi(bound) : undefined
    }
    // It will be a volume of its own, by its class's driver.
    const provisioner = this.#classes.get('', storageClassOf(claim))?.provisioner
    if (provisioner === undefined) return undefined
    const handle = `to be provisioned for ${claim.metadata?.namespace}/${claim.metadata?.name}`
    const plugin = inTreePlugin(provisioner)
    if (plugin === undefined) return { driver: provisioner, handle }
    return migrated && plugin.handleOf !== undefined ? { driver: plugin.driver, handle } : undefined
  }
}

function inlineCsi(volume: core.v1.Volume): CsiVolume | undefined {
  const plugin = inTreePluginOf(volume)
  if (plugin?.handleOf === undefined) return undefined
  try {
    return { driver: plugin.driver, handle: plugin.handleOf(volume, []) }
  } catch (error) {
    throw new Error(`converting volume(${volume.name}) from inline to csi: ${messageOf(error)}`)
  }
}

/** One that its driver cannot have is not counted. */
function migratedCsi(volume: core.v1.PersistentVolume): CsiVolume | undefined {
  const plugin = inTreePluginOf(volume.spec)
  if (plugin?.handleOf === undefined || volume.spec === undefined) return undefined
  try {
    return { driver: plugin.driver, handle: plugin.handleOf(volume.spec, zonesOf(volume)) }
  } catch {
    return undefined
  }
}
