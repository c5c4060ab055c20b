import { Metadata } from '@grpc/grpc-js'
import type { GrpcConnection } from '../../grpc/grpc-connection.ts'
import type { FileSystemMount, ImageMounts } from '../../volumes/image-volumes.ts'
import type { RuntimeVersion } from '../messages.ts'
import { isRuntimeError, RuntimeError } from '../runtime.ts'

const text = (id: number): object => ({ type: 'string', id })

/** As much of containerd's snapshot service (containerd/api/services/snapshots/v1) as shows an image's files. */
export const snapshotsDescriptor = {
  nested: {
    containerd: {
      nested: {
        services: {
          nested: {
            snapshots: {
              nested: {
                v1: {
                  nested: {
                    Snapshots: {
                      methods: {
                        View: { requestType: 'ViewSnapshotRequest', responseType: 'MountsAnswer' },
                        Mounts: { requestType: 'SnapshotRequest', responseType: 'MountsAnswer' },
                        Remove: { requestType: 'SnapshotRequest', responseType: 'Empty' },
                      },
                    },
                    ViewSnapshotRequest: {
                      fields: {
                        ...{ snapshotter: text(1), key: text(2), parent: text(3) },
                        labels: { keyType: 'string', type: 'string', id: 4 },
                      },
                    },
                    SnapshotRequest: { fields: { snapshotter: text(1), key: text(2) } },
                    Empty: { fields: {} },
                    MountsAnswer: { fields: { mounts: { rule: 'repeated', type: 'Mount', id: 1 } } },
                    Mount: {
                      fields: {
                        ...{ type: text(1), source: text(2), target: text(3) },
                        options: { rule: 'repeated', type: 'string', id: 4 },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
}

const snapshots = 'containerd.services.snapshots.v1.Snapshots'

/** The first release whose CRI plugin mounts images itself. */
const mountsImagesSince = [2, 1] as const

/** What a verbose answer of the CRI plugin tells beside: JSON of containerd's own. */
interface Verbose {
  readonly info: Readonly<Record<string, string>>
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

const parsed = ({ info }: Verbose, name: string): Readonly<Record<string, unknown>> =>
  record(JSON.parse(info[name] ?? '{}'))

/** Whether containerd of that version has to be helped with image volumes. */
export function needsImageMounts({ runtimeName, runtimeVersion }: RuntimeVersion): boolean {
  const [major = 0, minor = 0] = runtimeVersion
    .replace(/^v/, '')
    .split('.')
    .map((part) => Number.parseInt(part, 10))
  const [wantedMajor, wantedMinor] = mountsImagesSince
  const isOlder = major < wantedMajor || (major === wantedMajor && minor < wantedMinor)
  return runtimeName === 'containerd' && isOlder
}

/** The files of images that containerd's CRI plugin has pulled, by read-only views of their snapshots. */
export class ContainerdImages implements ImageMounts {
  readonly #connection: GrpcConnection
  readonly #metadata = new Metadata()
  #snapshotter: Promise<string> | undefined

  constructor(connection: GrpcConnection) {
    this.#connection = connection
    this.#metadata.set('containerd-namespace', 'k8s.io')
  }

  async view(image: string, key: string): Promise<readonly FileSystemMount[]> {
    const snapshotter = await this.#snapshotterName()
    const request = { image: { image }, verbose: true }
    const status = await this.#connection.call<Verbose>('runtime.v1.ImageService', 'ImageStatus', request)
    const { chainID: parent } = parsed(status, 'info')
    if (typeof parent !== 'string') throw new RuntimeError('NotFound', `no image ${image}`)
    // Without a label containerd's garbage collection takes it.
    const labels = { 'containerd.io/gc.root': new Date().toISOString() }
    try {
      return await this.#mounts('View', { snapshotter, key, parent, labels })
    } catch (error) {
      if (!isRuntimeError(error, 'AlreadyExists')) throw error
      return this.#mounts('Mounts', { snapshotter, key })
    }
  }

  async release(key: string): Promise<void> {
    const snapshotter = await this.#snapshotterName()
    try {
      await this.#connection.call(snapshots, 'Remove', { snapshotter, key }, undefined, this.#metadata)
    } catch (error) {
      if (!isRuntimeError(error, 'NotFound')) throw error
    }
  }

  /** Where the CRI plugin unpacks images: as it was configured, or as containerd chose. */
  #snapshotterName(): Promise<string> {
    const ask = async (): Promise<string> => {
      const request = { verbose: true }
      const status = await this.#connection.call<Verbose>('runtime.v1.RuntimeService', 'Status', request)
      const { snapshotter } = record(parsed(status, 'config').containerd)
      return typeof snapshotter === 'string' ? snapshotter : 'overlayfs'
    }
    this.#snapshotter ??= ask().catch((error: unknown) => {
      this.#snapshotter = undefined
      throw error
    })
    return this.#snapshotter
  }

  async #mounts(method: string, request: object): Promise<readonly FileSystemMount[]> {
    const { mounts } = await this.#connection.call<{ readonly mounts: readonly FileSystemMount[] }>(
      snapshots,
      method,
      request,
      undefined,
      this.#metadata,
    )
    return mounts
  }
}
