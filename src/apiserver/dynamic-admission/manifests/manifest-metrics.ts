import { hex } from '../../../base/hex.ts'
import type { Host } from '../../../base/host.ts'
import type { Counter, Gauge, Metrics } from '../../../base/metrics.ts'

const prefix = 'apiserver_manifest_admission_config_controller_'
const about = 'of admission manifest configuration split by status, plugin, and apiserver identity.'

/** What loads of manifests measure, under upstream's names. */
export class ManifestMetrics {
  readonly #host: Host
  readonly #server: string
  readonly #reloads: Counter
  readonly #lastSeconds: Gauge
  readonly #config: Gauge
  /** By plugin: the hash of what is applied. */
  readonly #applied = new Map<string, string>()

  constructor(host: Host, metrics: Metrics, serverId: string) {
    const labels = ['status', 'plugin', 'apiserver_id_hash']
    this.#host = host
    this.#server = `sha256:${hex(host.sha256(new TextEncoder().encode(serverId)))}`
    this.#reloads = metrics.counter({
      name: `${prefix}automatic_reloads_total`,
      help: `Total number of automatic reloads ${about}`,
      labels,
    })
    this.#lastSeconds = metrics.gauge({
      name: `${prefix}automatic_reload_last_timestamp_seconds`,
      help: `Timestamp of the last automatic reload ${about}`,
      labels,
    })
    this.#config = metrics.gauge({
      name: `${prefix}last_config_info`,
      help: 'Information about the last applied admission manifest configuration with hash as label, split by plugin and apiserver identity.',
      labels: ['plugin', 'apiserver_id_hash', 'hash'],
    })
  }

  /** `hash`: of the files that are applied now; '' where there is nothing in them. */
  loaded(plugin: string, hash: string): void {
    this.#count('success', plugin)
    this.#applied.set(plugin, hash)
    this.#config.clear()
    for (const [each, applied] of this.#applied) this.#config.set(1, [each, this.#server, applied])
  }

  failed(plugin: string): void {
    this.#count('failure', plugin)
  }

  #count(status: string, plugin: string): void {
    this.#reloads.inc([status, plugin, this.#server])
    this.#lastSeconds.set(this.#host.now() / 1000, [status, plugin, this.#server])
  }
}
