import type { KindDeclaration } from '../../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { hex } from '../../../base/hex.ts'
import type { Host } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { ManifestFile, ManifestFolder, ManifestPlugin } from './manifest-folder.ts'
import type { ManifestMetrics } from './manifest-metrics.ts'
import { manifestRules } from './manifest-rules.ts'
import { type ManifestReading, type Manifests, readManifests } from './read-manifests.ts'

export interface FollowedManifestsOptions extends Pick<ManifestReading, 'decoder' | 'schemas' | 'context'> {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: ManifestMetrics
  readonly plugin: ManifestPlugin
  readonly folder: ManifestFolder
}

/**
 * What one plugin's files say now: read at the start, where anything wrong is thrown in upstream's words, and whenever
 * they change; then what is wrong leaves everything as it was.
 */
export class FollowedManifests {
  readonly #options: FollowedManifestsOptions
  readonly #changed = new Set<() => void>()
  #current: Manifests
  #hash: string
  readonly #unfollow: () => void

  constructor(options: FollowedManifestsOptions) {
    const { logger, metrics, plugin, folder } = options
    this.#options = options
    try {
      const files = folder.read()
      this.#current = this.#parse(files)
      this.#hash = this.#hashOf(files)
    } catch (error) {
      const from = `static ${manifestRules[plugin].what} manifests from "${folder.path}"`
      throw new Error(
        `failed to apply admission: failed to initialize admission plugin "${plugin}": failed to load ${from}: ${messageOf(error)}`,
        { cause: error },
      )
    }
    const count = [...this.#current.values()].reduce((sum, objects) => sum + objects.length, 0)
    logger.info('loaded admission manifests', { plugin, folder: folder.path, count })
    metrics.loaded(plugin, this.#hash)
    this.#unfollow = folder.follow(() => this.#reload())
  }

  /** Those of a kind, by name: the same list until it changes. */
  of<T extends KubernetesObject>(declaration: KindDeclaration<T>): readonly T[] {
    return (this.#current.get(declaration) ?? []) as readonly T[]
  }

  onChange(changed: () => void): void {
    this.#changed.add(changed)
  }

  stop(): void {
    this.#unfollow()
  }

  #parse(files: readonly ManifestFile[]): Manifests {
    const { plugin, decoder, schemas, context } = this.#options
    const { checkAll, ...rules } = manifestRules[plugin]
    const manifests = readManifests(files, { ...rules, decoder, schemas, context })
    checkAll(manifests)
    return manifests
  }

  #reload(): void {
    const { logger, metrics, plugin, folder } = this.#options
    try {
      const files = folder.read()
      const hash = this.#hashOf(files)
      if (hash === this.#hash) return
      this.#current = this.#parse(files)
      this.#hash = hash
    } catch (error) {
      metrics.failed(plugin)
      logger.error('reloading admission manifests', { plugin, folder: folder.path, error })
      return
    }
    metrics.loaded(plugin, this.#hash)
    logger.info('reloaded admission manifests', { plugin, folder: folder.path })
    for (const changed of this.#changed) changed()
  }

  #hashOf(files: readonly ManifestFile[]): string {
    if (files.length === 0) return ''
    const whole = new Uint8Array(files.reduce((sum, { bytes }) => sum + bytes.length + 1, 0))
    let at = 0
    for (const { bytes } of files) {
      whole.set(bytes, at)
      // A nought ends each file.
      at += bytes.length + 1
    }
    return `sha256:${hex(this.#options.host.sha256(whole))}`
  }
}
