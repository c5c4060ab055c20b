import { PersistentVolume } from '../../../api/core/persistent-volume/kind.ts'
import { storageClassOf } from '../../../api/core/persistent-volume/storage-class.ts'
import { claimNameOf, isClaimOfPod } from '../../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import type { core, storage } from '../../../api/generated/types/index.ts'
import { StorageClass } from '../../../api/storage/storage-class/kind.ts'
import { VolumeAttachment } from '../../../api/storage/volume-attachment/kind.ts'
import type { InformerFactory } from '../../../client/informer.ts'

/** Distinct volumes, each with its driver. */
export type VolumesByDriver = Map<string, string>

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

  /** Adds a pod's volumes; returns the name of a claim that is not there. */
  addVolumesOf(pod: core.v1.Pod, into: VolumesByDriver): string | undefined {
    const namespace = pod.metadata?.namespace ?? ''
    let absent: string | undefined
    for (const volume of pod.spec?.volumes ?? []) {
      const name = claimNameOf(pod, volume)
      if (name === undefined) continue
      const claim = this.#claims.get(namespace, name)
      if (claim === undefined) {
        absent ??= name
        continue
      }
      if (volume.ephemeral !== undefined && !isClaimOfPod(claim, pod))
        throw new Error(
          `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata?.name} (pod is not owner)`,
        )
      const csi = this.#csiOf(claim)
      if (csi) into.set(`${csi.driver}/${csi.handle}`, csi.driver)
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

  #csiOf(claim: core.v1.PersistentVolumeClaim): { driver: string; handle: string } | undefined {
    const bound = this.#volumes.get('', claim.spec?.volumeName ?? '')
    if (bound !== undefined) {
      const { csi } = bound.spec ?? {}
      return csi && { driver: csi.driver, handle: csi.volumeHandle }
    }
    // It will be a volume of its own, by its class's driver.
    const driver = this.#classes.get('', storageClassOf(claim))?.provisioner
    return driver === undefined
      ? undefined
      : { driver, handle: `to be provisioned for ${claim.metadata?.namespace}/${claim.metadata?.name}` }
  }
}
