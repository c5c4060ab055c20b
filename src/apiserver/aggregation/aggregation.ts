import type { Transport } from '../../apimachinery/transport.ts'
import type { HealthCheck } from '../../base/health-checks.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { BackendConnector } from '../connect/backend.ts'
import type { ExternalVersion } from '../discovery/group-versions.ts'
import type { ExternalOpenApi } from '../discovery/openapi-endpoint.ts'
import type { ServedRegistry } from '../discovery/served-registry.ts'
import type { ObjectReader } from '../object-reader.ts'
import type { ServerRequest } from '../request.ts'
import type { ServerResponse } from '../response.ts'
import { AggregationProxy } from './aggregation-proxy.ts'
import { AutoRegister, type GroupVersion } from './auto-register.ts'
import { AvailabilityChecker } from './availability-checker.ts'
import { AvailabilityMetrics } from './availability-metrics.ts'
import { RemoteClient } from './remote-client.ts'
import { RemoteDiscovery } from './remote-discovery.ts'
import { RemoteServices } from './remote-services.ts'

export interface AggregationOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly reader: ObjectReader
  readonly connector: BackendConnector
  /** Everything that this server answers itself. */
  readonly served: ServedRegistry
  /** Told what other servers add to discovery and OpenAPI, after each change. */
  readonly publish: (versions: readonly ExternalVersion[], openApi: ExternalOpenApi) => void
}

function groupVersions(served: ServedRegistry): readonly GroupVersion[] {
  const found = new Map<string, GroupVersion>()
  for (const { kind } of served.list()) {
    found.set(`${kind.group}/${kind.version}`, { group: kind.group, version: kind.version })
  }
  return [...found.values()]
}

/** The aggregation layer: APIs of other servers behind this one, as APIService objects say. */
export class Aggregation {
  readonly #options: AggregationOptions
  readonly #services: RemoteServices
  readonly #proxy: AggregationProxy
  readonly #client: RemoteClient
  readonly #discovery: RemoteDiscovery
  #register: AutoRegister | undefined

  constructor(options: AggregationOptions) {
    this.#options = options
    this.#services = new RemoteServices(options.reader)
    this.#client = new RemoteClient(options)
    this.#proxy = new AggregationProxy({ ...options, services: this.#services })
    this.#discovery = new RemoteDiscovery({
      client: this.#client,
      services: this.#services,
      logger: options.logger,
      onChange: () => this.#publish(),
    })
  }

  /** Undefined for what this server answers itself. */
  handle(request: ServerRequest): Promise<ServerResponse> | undefined {
    return this.#proxy.handle(request)
  }

  /** For `/readyz`, under upstream's name. */
  readonly check: HealthCheck = {
    name: 'autoregister-completion',
    check: () => {
      if (this.#register?.complete !== true) throw new Error('missing APIService')
    },
  }

  /** `transport` is the server's own way in. Resolves when its own APIs are registered, or have been tried. Returns what ends it. */
  async start(transport: Transport): Promise<() => void> {
    const { host, logger, metrics, reader, served } = this.#options
    const register = new AutoRegister({
      host,
      logger,
      reader,
      transport,
      served: () => groupVersions(served),
    })
    this.#register = register
    const checker = new AvailabilityChecker({
      client: this.#client,
      services: this.#services,
      reader,
      transport,
      logger,
      metrics: new AvailabilityMetrics(metrics, reader),
    })
    const stops = [
      this.#services.start(),
      checker.start(),
      this.#discovery.start(),
      served.onChange(() => register.changed()),
    ]
    const stopRegister = await register.start()
    return () => {
      stopRegister()
      for (const stop of stops) stop()
    }
  }

  #publish(): void {
    const known = this.#discovery.list()
    const versions = known.map(
      ({ service, discovery, freshness }): ExternalVersion => ({
        group: service.group,
        version: service.version,
        groupPriority: service.groupPriority,
        versionPriority: service.versionPriority,
        resources: discovery.resources,
        freshness,
      }),
    )
    const documents = known.flatMap(({ openApi }) => openApi ?? [])
    this.#options.publish(versions, {
      v3: new Map(documents.flatMap(({ v3 }) => [...v3])),
      v2: documents.map(({ v2 }) => v2),
    })
  }
}
