import { claimNamesOf } from '../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import {
  podConfigMapNames,
  podResourceClaimNames,
  podSecretNames,
} from '../../api/core/pod/pod-references.ts'
import type { core, resource, storage } from '../../api/generated/types/index.ts'
import type { ObjectReader } from '../object-reader.ts'
import { type TypedReader, typedReader } from '../typed-reader.ts'

type Pod = core.v1.Pod
type PersistentVolume = core.v1.PersistentVolume

/** Written by kubelets for pods that come from files; it must never open anything to its node. */
const mirrorAnnotation = 'kubernetes.io/config.mirror'

const some = (names: Iterable<string | undefined>, wanted: string): boolean => {
  for (const name of names) if (name === wanted) return true
  return false
}

const none: ReadonlySet<string> = new Set()

/** The secret that a volume's driver needs on the node, in the volume's own words: `namespace/name`. */
function secretKey({ spec = {} }: PersistentVolume): string | undefined {
  const old = [spec.cephfs, spec.rbd, spec.iscsi, spec.flexVolume, spec.scaleIO].map(
    (source) => source?.secretRef,
  )
  const csi = [spec.csi?.nodePublishSecretRef, spec.csi?.nodeStageSecretRef, spec.csi?.nodeExpandSecretRef]
  const found = [...csi, ...old].find((reference) => reference?.name !== undefined)
  return found?.name === undefined
    ? undefined
    : `${found.namespace ?? spec.claimRef?.namespace ?? ''}/${found.name}`
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
  #volumesBySecret: ReadonlyMap<string, ReadonlySet<string>> | undefined

  constructor(reader: ObjectReader) {
    this.#pods = typedReader(reader, { group: '', resource: 'pods' })
    this.#claims = typedReader(reader, { group: '', resource: 'persistentvolumeclaims' })
    this.#volumes = typedReader(reader, { group: '', resource: 'persistentvolumes' })
    this.#attachments = typedReader(reader, { group: 'storage.k8s.io', resource: 'volumeattachments' })
    this.#slices = typedReader(reader, { group: 'resource.k8s.io', resource: 'resourceslices' })
  }

  *#podsOf(node: string, namespace: string): Generator<Pod> {
    for (const pod of this.#pods.listByField('spec.nodeName', node)) {
      if (pod.metadata?.namespace !== namespace) continue
      if (pod.metadata.annotations?.[mirrorAnnotation] === undefined) yield pod
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
        const [now, before] = [volume, old].map((each) => (each === undefined ? undefined : secretKey(each)))
        const name = (volume ?? old)?.metadata?.name ?? ''
        if (before !== undefined) known.get(before)?.delete(name)
        if (before !== undefined && known.get(before)?.size === 0) known.delete(before)
        if (now !== undefined) known.set(now, (known.get(now) ?? new Set()).add(name))
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

  resourceSlice(node: string, _namespace: string, name: string): boolean {
    return this.#slices.get('', name)?.spec.nodeName === node
  }
}
