import { claimNamesOf } from '../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import { isMirrorPod } from '../../api/core/pod/mirror-pod.ts'
import {
  podConfigMapNames,
  podResourceClaimNames,
  podSecretNames,
} from '../../api/core/pod/pod-references.ts'
import type { certificates, core, resource, storage } from '../../api/generated/types/index.ts'
import type { ObjectReader } from '../object-reader.ts'
import { type TypedReader, typedReader } from '../typed-reader.ts'

type Pod = core.v1.Pod
type PersistentVolume = core.v1.PersistentVolume

const some = (names: Iterable<string | undefined>, wanted: string): boolean => {
  for (const name of names) if (name === wanted) return true
  return false
}

const none: ReadonlySet<string> = new Set()

const certificateRequests = { group: 'certificates.k8s.io', resource: 'podcertificaterequests' }

/** The secrets that a volume's driver needs on the node, as `namespace/name`; without a namespace they are in the claim's. */
function secretKeys({ spec = {} }: PersistentVolume): readonly string[] {
  const { csi, azureFile } = spec
  const references = [
    ...[csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef],
    ...[spec.cephfs, spec.rbd, spec.iscsi, spec.flexVolume, spec.scaleIO, spec.storageos].map(
      (source) => source?.secretRef,
    ),
    azureFile && { namespace: azureFile.secretNamespace, name: azureFile.secretName },
  ]
  return references.flatMap((reference) =>
    reference?.name ? [`${reference.namespace || (spec.claimRef?.namespace ?? '')}/${reference.name}`] : [],
  )
}

/**
 * Which objects a node has to do with: those that the pods bound to it name. Read from the watch cache's index of
 * pods by node when it is asked, so that a hundred thousand pods cost nothing until a node wants a secret.
 */
export class NodeRelations {
  readonly #pods: TypedReader<Pod>
  readonly #claims: TypedReader<core.v1.PersistentVolumeClaim>
  readonly #volumes: TypedReader<PersistentVolume>
  readonly #attachments: TypedReader<storage.v1.VolumeAttachment>
  readonly #slices: TypedReader<resource.v1.ResourceSlice>
  readonly #reader: ObjectReader
  readonly #certificateRequests: TypedReader<certificates.v1beta1.PodCertificateRequest>
  #volumesBySecret: ReadonlyMap<string, ReadonlySet<string>> | undefined

  constructor(reader: ObjectReader) {
    this.#pods = typedReader(reader, { group: '', resource: 'pods' })
    this.#claims = typedReader(reader, { group: '', resource: 'persistentvolumeclaims' })
    this.#volumes = typedReader(reader, { group: '', resource: 'persistentvolumes' })
    this.#attachments = typedReader(reader, { group: 'storage.k8s.io', resource: 'volumeattachments' })
    this.#slices = typedReader(reader, { group: 'resource.k8s.io', resource: 'resourceslices' })
    this.#certificateRequests = typedReader(reader, certificateRequests)
    this.#reader = reader
  }

  *#podsOf(node: string, namespace: string): Generator<Pod> {
    for (const pod of this.#pods.listByField('spec.nodeName', node)) {
      if (pod.metadata?.namespace !== namespace) continue
      // A node writes its mirror pods itself: they must never open anything to it.
      if (!isMirrorPod(pod)) yield pod
    }
  }

  #anyPod(node: string, namespace: string, matches: (pod: Pod) => boolean): boolean {
    for (const pod of this.#podsOf(node, namespace)) if (matches(pod)) return true
    return false
  }

  /** Names of the volumes whose drivers need a secret: known from the first question on. */
  #volumesOf(secret: string): ReadonlySet<string> {
    if (this.#volumesBySecret === undefined) {
      const known = new Map<string, Set<string>>()
      const replace = (volume: PersistentVolume | undefined, old: PersistentVolume | undefined): void => {
        const name = (volume ?? old)?.metadata?.name ?? ''
        for (const secret of old === undefined ? [] : secretKeys(old)) {
          known.get(secret)?.delete(name)
          if (known.get(secret)?.size === 0) known.delete(secret)
        }
        for (const secret of volume === undefined ? [] : secretKeys(volume))
          known.set(secret, (known.get(secret) ?? new Set()).add(name))
      }
      for (const volume of this.#volumes.each()) replace(volume, undefined)
      this.#volumes.onChange(replace)
      this.#volumesBySecret = known
    }
    return this.#volumesBySecret.get(secret) ?? none
  }

  pod(node: string, namespace: string, name: string): boolean {
    return this.#pods.get(namespace, name)?.spec?.nodeName === node
  }

  serviceAccount(node: string, namespace: string, name: string): boolean {
    return this.#anyPod(node, namespace, (pod) => pod.spec?.serviceAccountName === name)
  }

  configMap(node: string, namespace: string, name: string): boolean {
    return this.#anyPod(node, namespace, (pod) => some(podConfigMapNames(pod), name))
  }

  /** Of a pod, or of a volume that one of its pods has claimed. */
  secret(node: string, namespace: string, name: string): boolean {
    if (this.#anyPod(node, namespace, (pod) => some(podSecretNames(pod), name))) return true
    for (const volume of this.#volumesOf(`${namespace}/${name}`))
      if (this.volume(node, '', volume)) return true
    return false
  }

  volumeClaim(node: string, namespace: string, name: string): boolean {
    return this.#anyPod(node, namespace, (pod) => some(claimNamesOf(pod), name))
  }

  volume(node: string, _namespace: string, name: string): boolean {
    const volume = this.#volumes.get('', name)
    return volume !== undefined && this.#claimed(node, volume)
  }

  #claimed(node: string, volume: PersistentVolume): boolean {
    const { namespace = '', name = '' } = volume.spec?.claimRef ?? {}
    const bound = this.#claims.get(namespace, name) !== undefined
    return bound && this.volumeClaim(node, namespace, name)
  }

  resourceClaim(node: string, namespace: string, name: string): boolean {
    return this.#anyPod(node, namespace, (pod) => some(podResourceClaimNames(pod), name))
  }

  volumeAttachment(node: string, _namespace: string, name: string): boolean {
    return this.#attachments.get('', name)?.spec.nodeName === node
  }

  /** Whether there are any: their API is off unless asked for. */
  get hasCertificateRequests(): boolean {
    return this.#reader.serves(certificateRequests)
  }

  podCertificateRequest(node: string, namespace: string, name: string): boolean {
    return this.#certificateRequests.get(namespace, name)?.spec.nodeName === node
  }

  resourceSlice(node: string, _namespace: string, name: string): boolean {
    return this.#slices.get('', name)?.spec.nodeName === node
  }
}
