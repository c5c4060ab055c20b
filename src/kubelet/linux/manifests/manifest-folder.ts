import { type FSWatcher, watch } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { core } from '../../../api/generated/types/index.ts'
import type { Host } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { ManifestSource } from '../../static/pod-feed.ts'
import { readManifest } from '../../static/static-pod.ts'

type Pod = core.v1.Pod

export interface ManifestFolderOptions {
  readonly host: Host
  readonly logger: Logger
  readonly nodeName: string
  /** A folder, or one file. */
  readonly path: string
  /** How often it is read though the system tells of no change. */
  readonly everyMs: number
}

/** Upstream's limit. */
const maxBytes = 10 * 1024 * 1024
/** Who writes a file is mostly not done when its first change is told. */
const settleMs = 50

interface Read {
  readonly text: string
  readonly pods: readonly Pod[]
}

/** Reads a folder of manifests: at once when the system tells that it changed, and every so often. */
class ManifestFolder {
  readonly #options: ManifestFolderOptions
  readonly #take: (pods: readonly Pod[]) => void
  #files: ReadonlyMap<string, Read> = new Map()
  #watcher: FSWatcher | undefined
  #timer: { cancel(): void } | undefined
  #reading = false
  #again = false
  #stopped = false

  constructor(options: ManifestFolderOptions, take: (pods: readonly Pod[]) => void) {
    this.#options = options
    this.#take = take
    void this.#look()
  }

  stop(): void {
    this.#stopped = true
    this.#watcher?.close()
    this.#timer?.cancel()
  }

  async #look(): Promise<void> {
    if (this.#reading) {
      this.#again = true
      return
    }
    this.#reading = true
    const { host, logger, path, everyMs } = this.#options
    this.#watch()
    do {
      this.#again = false
      try {
        this.#take(await this.#read())
      } catch (error) {
        logger.warn('the folder of static pods could not be read', { path, error: messageOf(error) })
      }
    } while (this.#again && !this.#stopped)
    this.#reading = false
    this.#wake(everyMs, host)
  }

  #wake(delayMs: number, host: Host): void {
    this.#timer?.cancel()
    if (!this.#stopped) this.#timer = host.schedule(delayMs, () => void this.#look())
  }

  /** Begun anew where the folder came, or came again, since. */
  #watch(): void {
    if (this.#watcher !== undefined || this.#stopped) return
    try {
      const watcher = watch(this.#options.path, { persistent: false })
      const over = (): void => {
        watcher.close()
        if (this.#watcher === watcher) this.#watcher = undefined
      }
      watcher.on('change', (kind) => {
        // The folder itself may have been replaced.
        if (kind === 'rename') over()
        this.#wake(settleMs, this.#options.host)
      })
      watcher.on('error', over)
      this.#watcher = watcher
    } catch {
      // It is not there: the next look tries again.
    }
  }

  /** What cannot be used is passed over; what was used of it before stays where only its text is wrong now. */
  async #read(): Promise<readonly Pod[]> {
    const { path } = this.#options
    const state = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    const files = new Map<string, Read>()
    if (state?.isDirectory()) {
      const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort()
      for (const name of names) await this.#file(join(path, name), files)
    } else if (state?.isFile()) await this.#file(path, files)
    this.#files = files
    return [...files.values()].flatMap(({ pods }) => pods)
  }

  async #file(path: string, files: Map<string, Read>): Promise<void> {
    const { host, logger, nodeName } = this.#options
    const known = this.#files.get(path)
    try {
      const state = await stat(path)
      if (!state.isFile()) return
      if (state.size > maxBytes) throw new Error(`it is longer than ${maxBytes} bytes`)
      const text = await readFile(path, 'utf8')
      if (known?.text === text) files.set(path, known)
      else files.set(path, { text, pods: readManifest(text, { host, nodeName, source: 'file', path }) })
    } catch (error) {
      logger.warn('a static pod could not be read', { path, error: messageOf(error) })
    }
  }
}

/** Static pods from a folder (`staticPodPath`). */
export const manifestFolder = (options: ManifestFolderOptions): ManifestSource => ({
  start: (take) => {
    const folder = new ManifestFolder(options, take)
    return () => folder.stop()
  },
})
