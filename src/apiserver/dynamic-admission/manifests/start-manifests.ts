import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { Metrics } from '../../../base/metrics.ts'
import { FollowedManifests, type FollowedManifestsOptions } from './followed-manifests.ts'
import { type ManifestFolders, type ManifestPlugin, manifestPlugins } from './manifest-folder.ts'
import { ManifestMetrics } from './manifest-metrics.ts'

export interface ManifestsOptions
  extends Pick<FollowedManifestsOptions, 'host' | 'logger' | 'decoder' | 'schemas'> {
  readonly metrics: Metrics
  readonly features: WriteContext['features']
  readonly folders: ManifestFolders
  /** Names this server among others in metrics. */
  readonly serverId: string
}

export type AdmissionManifests = { readonly [plugin in ManifestPlugin]?: FollowedManifests }

/** Reads and follows the folders of plugins (KEP-5793). Throws an Error in upstream's words. */
export function startManifests(options: ManifestsOptions): AdmissionManifests {
  const { host, features, folders } = options
  if (Object.keys(folders).length === 0) return {}
  const metrics = new ManifestMetrics(host, options.metrics, options.serverId)
  const context: WriteContext = { nowMs: host.now(), features, subresource: '' }
  const started: { [plugin in ManifestPlugin]?: FollowedManifests } = {}
  try {
    for (const plugin of manifestPlugins) {
      const folder = folders[plugin]
      if (folder !== undefined)
        started[plugin] = new FollowedManifests({ ...options, metrics, plugin, folder, context })
    }
  } catch (error) {
    stopManifests(started)
    throw error
  }
  return started
}

export function stopManifests(manifests: AdmissionManifests): void {
  for (const each of Object.values(manifests)) each.stop()
}
