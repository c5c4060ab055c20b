import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { core } from '../../api/generated/types/index.ts'
import { environmentFileValue } from '../environment/environment-file.ts'
import { expand } from '../environment/expand.ts'
import { type FilesUsage, type FsUsage, isLocal } from '../eviction/pod-usage.ts'
import type { MountRequest, PodFiles } from '../pod/pod-context.ts'
import { hostsFile } from '../pod/runtime-config/pod-network-identity.ts'
import { containerFacts } from '../runtime/labels.ts'
import type { ContainerStatus, Mount, MountPropagation } from '../runtime/messages.ts'
import { recursiveReadOnly } from '../volumes/recursive-read-only.ts'
import { bindSubPath, readInVolume } from '../volumes/sub-path.ts'
import type { VolumeManager } from '../volumes/volume-manager.ts'
import { lastLogText } from './logs/log-files.ts'
import { diskUsageOf } from './machine/disk-usage.ts'

type Pod = core.v1.Pod

export interface LinuxPodFilesOptions {
  /** Holds a directory for each pod. */
  readonly podsRoot: string
  /** Holds a directory of logs for each pod, as /var/log/pods does. */
  readonly logsRoot: string
  readonly volumes: VolumeManager
}

/** Upstream's limits of termination messages. */
const maxMessageBytes = 4096
const maxMessageLines = 80
const maxFallbackBytes = 2048

const propagations: Readonly<Record<string, MountPropagation>> = {
  None: 'PROPAGATION_PRIVATE',
  HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  Bidirectional: 'PROPAGATION_BIDIRECTIONAL',
}

/** The files of pods on this machine. */
export class LinuxPodFiles implements PodFiles {
  readonly #options: LinuxPodFilesOptions

  constructor(options: LinuxPodFilesOptions) {
    this.#options = options
  }

  mountVolumes(pod: Pod): Promise<void> {
    return this.#options.volumes.mount(pod)
  }

  refreshVolumes(pod: Pod): Promise<void> {
    return this.#options.volumes.refresh(pod)
  }

  async containerMounts(request: MountRequest): Promise<readonly Mount[]> {
    const { container } = request
    const mounts: Mount[] = []
    for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
      mounts.push(await this.#volumeMount(request, mount, index))
    }
    const ownHosts = (container.volumeMounts ?? []).some(({ mountPath }) => mountPath === '/etc/hosts')
    const own = await Promise.all([
      !ownHosts && request.podIps.length > 0 ? this.#hostsMount(request) : undefined,
      container.terminationMessagePath ? this.#terminationMount(request) : undefined,
    ])
    return [...mounts, ...own.filter((mount) => mount !== undefined)]
  }

  async fileVariable(pod: Pod, reference: core.v1.FileKeySelector): Promise<string | undefined> {
    const volume = this.#options.volumes.path(pod.metadata?.uid ?? '', reference.volumeName)
    if (volume === undefined || volume === '') {
      throw new Error(`cannot find the volume "${reference.volumeName}" referenced by FileKeyRef`)
    }
    try {
      const text = await readInVolume(volume, reference.path)
      const value = environmentFileValue(text, reference.key)
      return value === '' ? undefined : value
    } catch {
      throw new Error("couldn't parse env file")
    }
  }

  async terminationMessage(status: ContainerStatus): Promise<string> {
    const facts = containerFacts(status.annotations)
    const fallback =
      facts.terminationMessagePolicy === 'FallbackToLogsOnError' &&
      status.exitCode !== 0 &&
      status.reason !== 'ContainerCannotRun'
    const mount = status.mounts.find(({ containerPath }) => containerPath === facts.terminationMessagePath)
    if (facts.terminationMessagePath !== '' && mount !== undefined) {
      const text = await readEnd(mount.hostPath, maxMessageBytes)
      if (text !== '') return text
    }
    return fallback ? lastLogText(status.logPath, maxMessageLines, maxFallbackBytes) : ''
  }

  logDirectory({ metadata }: Pod): string {
    const name = `${metadata?.namespace}_${metadata?.name}_${metadata?.uid}`
    return join(this.#options.logsRoot, name)
  }

  async prepareLogs(pod: Pod, containerName: string): Promise<number> {
    const directory = join(this.logDirectory(pod), containerName)
    await mkdir(directory, { recursive: true, mode: 0o755 })
    const attempts = (await readdir(directory))
      .map((name) => /^(\d+)\.log/.exec(name)?.[1])
      .filter((number) => number !== undefined)
      .map(Number)
    return attempts.length === 0 ? 0 : Math.max(...attempts) + 1
  }

  /** The log and what rotation made of it. */
  async removeLog(logPath: string): Promise<void> {
    const directory = dirname(logPath)
    const name = basename(logPath)
    for (const file of await readdir(directory).catch(() => [])) {
      if (file === name || file.startsWith(`${name}.`)) await rm(join(directory, file), { force: true })
    }
  }

  unmountVolumes(podUid: string): Promise<void> {
    return this.#options.volumes.unmount(podUid)
  }

  async removePod(podUid: string): Promise<void> {
    await this.#options.volumes.unmount(podUid)
    await rm(join(this.#options.podsRoot, podUid), { recursive: true, force: true })
    for (const name of await readdir(this.#options.logsRoot).catch(() => [])) {
      if (name.endsWith(`_${podUid}`)) {
        await rm(join(this.#options.logsRoot, name), { recursive: true, force: true })
      }
    }
  }

  async found(): Promise<readonly string[]> {
    const { podsRoot, logsRoot } = this.#options
    const logs = await readdir(logsRoot).catch(() => [])
    return [...(await readdir(podsRoot).catch(() => [])), ...logs.map((name) => name.split('_').at(-1) ?? '')]
  }

  async checkpointPath(archive: string): Promise<string> {
    const folder = join(dirname(this.#options.podsRoot), 'checkpoints')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return join(folder, archive)
  }

  /** Volumes as far as they are on the node's own disk. */
  async usage(pod: Pod): Promise<FilesUsage> {
    const directory = this.logDirectory(pod)
    const logs = new Map<string, FsUsage>()
    for (const name of await readdir(directory).catch(() => []))
      logs.set(name, await diskUsageOf(join(directory, name)))
    const volumes = new Map<string, FsUsage>()
    for (const volume of pod.spec?.volumes ?? []) {
      const path = this.#options.volumes.path(pod.metadata?.uid ?? '', volume.name)
      const counts = isLocal(volume) || volume.emptyDir !== undefined
      if (counts && path !== undefined) volumes.set(volume.name, await diskUsageOf(path))
    }
    return { logs, volumes }
  }

  async #volumeMount(
    { pod, container, environment, imageVolumes, canMountRecursivelyReadOnly }: MountRequest,
    mount: core.v1.VolumeMount,
    index: number,
  ): Promise<Mount> {
    const uid = pod.metadata?.uid ?? ''
    const volume = this.#options.volumes.path(uid, mount.name)
    const source = pod.spec?.volumes?.find(({ name }) => name === mount.name)
    if (volume === undefined) {
      throw new Error(`cannot find volume "${mount.name}" to mount into container "${container.name}"`)
    }
    const subPath = mount.subPathExpr ? expandSubPath(mount.subPathExpr, environment) : (mount.subPath ?? '')
    if (subPath !== '') checkSubPath(subPath)
    const mounted = {
      containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      readonly: mount.readOnly === true || isReadOnly(source),
      recursiveReadOnly: recursiveReadOnly(mount, canMountRecursivelyReadOnly),
      propagation: propagations[mount.mountPropagation ?? 'None'] ?? 'PROPAGATION_PRIVATE',
    } as const
    const image = imageVolumes.get(mount.name)
    const imagePath = image && (await this.#options.volumes.imagePath(uid, mount.name, image.image))
    if (image !== undefined && imagePath === undefined) {
      return { ...mounted, hostPath: '', image, imageSubPath: subPath }
    }
    let hostPath = imagePath ?? volume
    if (subPath !== '') {
      const target = join(
        this.#options.podsRoot,
        uid,
        'volume-subpaths',
        mount.name,
        container.name,
        String(index),
      )
      try {
        await bindSubPath(hostPath, subPath, target)
      } catch {
        // What went wrong may tell of the node's file system.
        throw new Error(
          `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`,
        )
      }
      hostPath = target
    }
    return { ...mounted, hostPath }
  }

  async #hostsMount({ pod, identity, podIps }: MountRequest): Promise<Mount> {
    const path = join(this.#options.podsRoot, pod.metadata?.uid ?? '', 'etc-hosts')
    const nodeHosts = pod.spec?.hostNetwork === true ? await readFile('/etc/hosts', 'utf8') : ''
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, hostsFile(pod, identity, podIps, nodeHosts))
    await chmod(path, 0o644)
    return {
      containerPath: '/etc/hosts',
      hostPath: path,
      readonly: false,
      propagation: 'PROPAGATION_PRIVATE',
    }
  }

  async #terminationMount({ pod, container }: MountRequest): Promise<Mount> {
    const { podsRoot } = this.#options
    const directory = join(podsRoot, pod.metadata?.uid ?? '', 'containers', container.name)
    await mkdir(directory, { recursive: true })
    const path = join(directory, randomBytes(4).toString('hex'))
    await writeFile(path, '')
    await chmod(path, 0o666)
    const containerPath = container.terminationMessagePath ?? ''
    return {
      containerPath: containerPath.startsWith('/') ? containerPath : `/${containerPath}`,
      hostPath: path,
      readonly: false,
      propagation: 'PROPAGATION_PRIVATE',
    }
  }
}

/** What shows objects of the API is the agent's to write; an image is nobody's. */
const isReadOnly = (volume: core.v1.Volume | undefined): boolean =>
  (volume?.configMap ?? volume?.secret ?? volume?.downwardAPI ?? volume?.projected ?? volume?.image) !==
  undefined

function expandSubPath(expression: string, environment: ReadonlyMap<string, string>): string {
  const missing = new Set<string>()
  const path = expand(expression, (name) => {
    const value = environment.get(name)
    if (value === undefined || value === '') missing.add(name)
    return value ?? ''
  })
  if (missing.size > 0) throw new Error(`missing value for ${[...missing].sort().join(', ')}`)
  return path
}

function checkSubPath(path: string): void {
  if (path.startsWith('/')) throw new Error(`error SubPath \`${path}\` must not be an absolute path`)
  if (path.split('/').includes('..')) {
    throw new Error(`unable to provision SubPath \`${path}\`: must not contain '..'`)
  }
}

/** The last bytes of a file, as text; '' when there is none. */
async function readEnd(path: string, maxBytes: number): Promise<string> {
  const handle = await open(path, 'r').catch(() => undefined)
  if (handle === undefined) return ''
  try {
    const { size } = await handle.stat()
    const length = Math.min(size, maxBytes)
    const buffer = Buffer.alloc(length)
    await handle.read(buffer, 0, length, size - length)
    return buffer.toString()
  } finally {
    await handle.close()
  }
}
