import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../../base/host/run-program.ts'
import { isMountPoint, unmountBelow } from '../linux/mounts.ts'

/** As mount(8) takes it. */
export interface FileSystemMount {
  readonly type: string
  readonly source: string
  readonly options: readonly string[]
}

/** Shows images' files where the runtime mounts no image volumes itself. Both are idempotent. */
export interface ImageMounts {
  /** How an image that is there is mounted, read-only; `key` names the view until it is released. */
  view(image: string, key: string): Promise<readonly FileSystemMount[]>
  release(key: string): Promise<void>
}

const folderName = 'kubernetes.io~image'
const keyOf = (podUid: string, volume: string): string => `image-volume-${podUid}-${volume}`

/** Image volumes of pods: directories that images are mounted at. */
export class ImageVolumes {
  readonly #podsRoot: string
  readonly #mounts: ImageMounts

  constructor(podsRoot: string, mounts: ImageMounts) {
    this.#podsRoot = podsRoot
    this.#mounts = mounts
  }

  /** Where the image is mounted now. */
  async mount(podUid: string, volume: string, image: string): Promise<string> {
    const path = join(this.#folder(podUid), volume)
    if (await isMountPoint(path)) return path
    await mkdir(path, { recursive: true })
    for (const { type, source, options } of await this.#mounts.view(image, keyOf(podUid, volume))) {
      const flags = [...new Set([...options, 'ro'])].join()
      const kind = type === 'bind' ? [] : ['-t', type]
      await runProgram('mount', [...kind, '-o', flags, source, path])
    }
    return path
  }

  async unmount(podUid: string): Promise<void> {
    const folder = this.#folder(podUid)
    const volumes = await readdir(folder).catch(() => [])
    if (volumes.length === 0) return
    await unmountBelow(folder)
    for (const volume of volumes) await this.#mounts.release(keyOf(podUid, volume))
  }

  #folder(podUid: string): string {
    return join(this.#podsRoot, podUid, 'volumes', folderName)
  }
}
