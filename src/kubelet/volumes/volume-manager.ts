import { chmod, mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { core } from '../../api/generated/types/index.ts'
import { quantityUnits } from '../../apimachinery/quantity.ts'
import { messageOf } from '../../base/message-of.ts'
import type { ReferencedObjects } from '../environment/environment.ts'
import type { PodPlace } from '../environment/field-reference.ts'
import { isMountPoint, mountTmpfs, unmountBelow } from '../linux/mounts.ts'
import { podLimit } from '../pod/runtime-config/pod-cgroup.ts'
import type { PodCertificates } from '../pod-certificates/pod-certificates.ts'
import { writeAtomically } from './atomic-writer.ts'
import { prepareHostPath } from './host-path.ts'
import type { ImageVolumes } from './image-volumes.ts'
import { hasGroupOwnership, setGroupOwnership } from './ownership.ts'
import { volumePayload } from './payload.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'
import type { TrustBundles } from './trust-bundles.ts'

type Pod = core.v1.Pod
type Volume = core.v1.Volume

export interface VolumeManagerOptions {
  /** Holds a directory for each pod. */
  readonly podsRoot: string
  /** Where what must not reach a disk is kept: a memory file system is mounted there. */
  readonly memoryRoot: string
  readonly objects: ReferencedObjects
  readonly tokens: ServiceAccountTokens
  readonly trustBundles: TrustBundles
  readonly certificates: PodCertificates
  readonly place: () => PodPlace
  /** Mounts images; absent: the runtime does. */
  readonly images?: ImageVolumes
}

/** The modes of upstream's wrappers. */
const emptyDirMode = 0o777

/** Mounts the volumes of pods and keeps them current. */
export class VolumeManager {
  readonly #options: VolumeManagerOptions
  /** Pod uid → volume name → where it is. */
  readonly #mounted = new Map<string, Map<string, string>>()
  /** Work on one pod's volumes goes one after another. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(options: VolumeManagerOptions) {
    this.#options = options
  }

  /** Brings all volumes in place; those that are there stay as they are. Rejects with upstream's text for the first that fails. */
  mount(pod: Pod): Promise<void> {
    return this.#inTurn(pod.metadata?.uid ?? '', () => this.#mountAll(pod, false))
  }

  /** Writes anew what shows objects, the pod or tokens, if it has changed. */
  refresh(pod: Pod): Promise<void> {
    const uid = pod.metadata?.uid ?? ''
    return this.#inTurn(uid, async () => {
      if (this.#mounted.has(uid)) await this.#mountAll(pod, true)
    })
  }

  /** Where a mounted volume is. */
  path(podUid: string, volume: string): string | undefined {
    return this.#mounted.get(podUid)?.get(volume)
  }

  /** Where an image volume's image is mounted; undefined where that is the runtime's to do. */
  async imagePath(podUid: string, volume: string, image: string): Promise<string | undefined> {
    const { images } = this.#options
    return images && this.#inTurn(podUid, () => images.mount(podUid, volume, image))
  }

  unmount(podUid: string): Promise<void> {
    return this.#inTurn(podUid, async () => {
      this.#mounted.delete(podUid)
      this.#options.tokens.forget(podUid)
      await this.#options.images?.unmount(podUid)
      await unmountBelow(join(this.#options.podsRoot, podUid))
      await rm(join(this.#options.podsRoot, podUid, 'volumes'), { recursive: true, force: true })
      await rm(join(this.#options.podsRoot, podUid, 'volume-subpaths'), { recursive: true, force: true })
      await rm(join(this.#options.memoryRoot, podUid), { recursive: true, force: true })
    })
  }

  async #inTurn<T>(podUid: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(podUid) ?? Promise.resolve()
    const turn = before.then(work, work)
    this.#turns.set(podUid, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(podUid) === turn) this.#turns.delete(podUid)
    }
  }

  async #mountAll(pod: Pod, again: boolean): Promise<void> {
    const uid = pod.metadata?.uid ?? ''
    const mounted = this.#mounted.get(uid) ?? new Map<string, string>()
    this.#mounted.set(uid, mounted)
    for (const volume of pod.spec?.volumes ?? []) {
      if (mounted.has(volume.name) && !again) continue
      try {
        mounted.set(volume.name, await this.#mountOne(pod, volume))
      } catch (error) {
        throw new Error(`MountVolume.SetUp failed for volume "${volume.name}" : ${messageOf(error)}`)
      }
    }
  }

  async #mountOne(pod: Pod, volume: Volume): Promise<string> {
    // Mounted once its image is there: with the first container that wants it.
    if (volume.image !== undefined) return ''
    if (volume.hostPath !== undefined) {
      await prepareHostPath(volume.hostPath.path, volume.hostPath.type ?? '')
      return volume.hostPath.path
    }
    if (volume.emptyDir !== undefined) return this.#mountEmptyDir(pod, volume.name, volume.emptyDir)
    return this.#mountPayload(pod, volume)
  }

  #directory(root: string, pod: Pod, plugin: string, name: string): string {
    const inPod = root === this.#options.podsRoot ? 'volumes' : ''
    return join(root, pod.metadata?.uid ?? '', inPod, `kubernetes.io~${plugin}`, name)
  }

  async #mountEmptyDir(pod: Pod, name: string, source: core.v1.EmptyDirVolumeSource): Promise<string> {
    const path = this.#directory(this.#options.podsRoot, pod, 'empty-dir', name)
    await mkdir(path, { recursive: true })
    switch (source.medium ?? '') {
      case '':
        break
      case 'Memory':
        if (!(await isMountPoint(path))) await mountTmpfs(path, this.#memorySize(pod, source.sizeLimit))
        break
      default:
        throw new Error(`emptyDir volumes with medium ${source.medium} are not supported by this node`)
    }
    // A memory file system is open to all from the start, and has a sticky bit that stays.
    if (((await stat(path)).mode & emptyDirMode) !== emptyDirMode) await chmod(path, emptyDirMode)
    await this.#giveToGroup(pod, path)
    return path
  }

  /** The least of the volume's limit, the pod's and the node's memory. */
  #memorySize(pod: Pod, sizeLimit: string | undefined): number {
    const node = quantityUnits(this.#options.place().allocatable.memory ?? '0')
    const sizes = [node, podLimit(pod, 'memory'), quantityUnits(sizeLimit ?? '0')]
    return Math.min(...sizes.filter((size) => size > 0))
  }

  async #giveToGroup(pod: Pod, path: string): Promise<void> {
    const { fsGroup, fsGroupChangePolicy } = pod.spec?.securityContext ?? {}
    if (fsGroup === undefined) return
    if (fsGroupChangePolicy === 'OnRootMismatch' && (await hasGroupOwnership(path, fsGroup))) return
    await setGroupOwnership(path, fsGroup, false)
  }

  async #mountPayload(pod: Pod, volume: Volume): Promise<string> {
    const { podsRoot, memoryRoot, objects, tokens, trustBundles, certificates, place } = this.#options
    const payload = await volumePayload(
      {
        ...{ pod, objects, place: place() },
        token: (owner, projection) => tokens.token(owner, projection),
        trustAnchors: (projection) => trustBundles.anchors(projection),
        credentials: (owner, name, source) => certificates.bundle(owner, name, source),
      },
      volume,
    )
    if (payload === undefined) throw new Error(unsupported(volume))
    const [root, plugin] =
      volume.configMap !== undefined
        ? ([podsRoot, 'configmap'] as const)
        : volume.secret !== undefined
          ? ([memoryRoot, 'secret'] as const)
          : volume.projected !== undefined
            ? ([memoryRoot, 'projected'] as const)
            : ([memoryRoot, 'downward-api'] as const)
    const path = this.#directory(root, pod, plugin, volume.name)
    await mkdir(path, { recursive: true })
    await chmod(path, emptyDirMode)
    const group = pod.spec?.securityContext?.fsGroup
    await writeAtomically(path, payload, async (directory) => {
      if (group !== undefined) await setGroupOwnership(directory, group, true)
    })
    return path
  }
}

function unsupported(volume: Volume): string {
  const types = Object.keys(volume).filter((key) => key !== 'name')
  return `volumes of type ${types.join(', ') || 'unknown'} are not supported by this node`
}
