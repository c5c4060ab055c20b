import { type FSWatcher, watch } from 'node:fs'
import { lstat, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import registrationDescriptor from '../../api/generated/rpc/pluginregistration-v1.json' with { type: 'json' }
import { loadServices } from '../../base/host/load-services.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import { GrpcConnection } from '../grpc/grpc-connection.ts'

const service = 'pluginregistration.Registration'
/** Upstream's. */
const infoTimeoutMs = 1_000
const notifyTimeoutMs = 5_000
const firstRetryMs = 500
const maxRetryMs = 122_000

/** What takes plugins of one type. */
export interface PluginHandler {
  /** Throws an Error where it cannot be used; its socket is `endpoint`. Returns what lets go of it. */
  register(name: string, endpoint: string, versions: readonly string[]): () => void
}

export interface PluginWatcherOptions {
  readonly directory: string
  readonly host: Host
  readonly logger: Logger
  /** By the type that plugins say they are of: `DRAPlugin`. */
  readonly handlers: ReadonlyMap<string, PluginHandler>
}

interface PluginInfo {
  readonly type: string
  readonly name: string
  readonly endpoint: string
  readonly supportedVersions: readonly string[]
}

interface Known {
  /** Tells a socket from another that was made in its place. */
  readonly identity: string
  release?: () => void
  retry?: Timer
}

/** Finds plugins by the sockets that they put into a directory, and lets go of those whose socket is gone. */
export class PluginWatcher {
  readonly #options: PluginWatcherOptions
  readonly #known = new Map<string, Known>()
  #watcher: FSWatcher | undefined
  #scan: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: PluginWatcherOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    await mkdir(this.#options.directory, { recursive: true, mode: 0o750 })
    this.#watcher = watch(this.#options.directory, () => this.#look())
    this.#look()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#watcher?.close()
    await this.#scan
    for (const path of [...this.#known.keys()]) this.#forget(path)
  }

  /** One look at a time: what happens meanwhile is seen by the next. */
  #look(): void {
    this.#scan = this.#scan
      .then(() => (this.#stopped ? undefined : this.#compare()))
      .catch((error: unknown) =>
        this.#options.logger.error('plugins could not be looked for', { error: messageOf(error) }),
      )
  }

  async #compare(): Promise<void> {
    const { directory } = this.#options
    const there = new Map<string, string>()
    for (const name of await readdir(directory)) {
      if (name.startsWith('.')) continue
      const path = join(directory, name)
      const stats = await lstat(path).catch(() => undefined)
      if (stats?.isSocket()) there.set(path, `${stats.ino} ${stats.ctimeMs}`)
    }
    for (const [path, { identity }] of this.#known) if (there.get(path) !== identity) this.#forget(path)
    for (const [path, identity] of there) {
      if (this.#known.has(path)) continue
      const known: Known = { identity }
      this.#known.set(path, known)
      void this.#try(path, known, firstRetryMs)
    }
  }

  #forget(path: string): void {
    const known = this.#known.get(path)
    this.#known.delete(path)
    known?.retry?.cancel()
    known?.release?.()
  }

  async #try(path: string, known: Known, retryMs: number): Promise<void> {
    const isCurrent = (): boolean => this.#known.get(path) === known && !this.#stopped
    try {
      const release = await this.#register(path)
      if (isCurrent()) known.release = release
      else release()
    } catch (error) {
      this.#options.logger.warn('a plugin could not be registered', { socket: path, error: messageOf(error) })
      if (!isCurrent()) return
      known.retry = this.#options.host.schedule(retryMs, () => {
        if (isCurrent()) void this.#try(path, known, Math.min(retryMs * 2, maxRetryMs))
      })
    }
  }

  async #register(path: string): Promise<() => void> {
    const connection = new GrpcConnection(path, loadServices(registrationDescriptor))
    const notify = (error: string): Promise<object> => {
      const status = { pluginRegistered: error === '', error }
      return connection.call(service, 'NotifyRegistrationStatus', status, notifyTimeoutMs)
    }
    try {
      const info = await connection.call<PluginInfo>(service, 'GetInfo', {}, infoTimeoutMs)
      const release = await this.#handle(path, info).catch(async (error: unknown) => {
        await notify(`RegisterPlugin error -- ${messageOf(error)}`)
        throw error
      })
      await notify('').catch((error: unknown) => {
        release()
        throw error
      })
      return release
    } finally {
      connection.close()
    }
  }

  async #handle(path: string, { type, name, endpoint, supportedVersions }: PluginInfo): Promise<() => void> {
    const handler = this.#options.handlers.get(type)
    if (handler === undefined)
      throw new Error(`no handler registered for plugin type: ${type} at socket ${path}`)
    try {
      return handler.register(name, endpoint === '' ? path : endpoint, supportedVersions)
    } catch (error) {
      throw new Error(`plugin validation failed with err: ${messageOf(error)}`)
    }
  }
}
