import { resources } from '../../api/generated/resources.ts'
import type { AggregationOptions } from '../../apiserver/aggregation/aggregation.ts'
import { OpenIdEndpoint } from '../../apiserver/authentication/open-id.ts'
import { DiscoveryEndpoint } from '../../apiserver/discovery/discovery-endpoint.ts'
import { HealthEndpoint } from '../../apiserver/discovery/health-endpoint.ts'
import { MetricsEndpoint } from '../../apiserver/discovery/metrics-endpoint.ts'
import { OpenApiEndpoint } from '../../apiserver/discovery/openapi-endpoint.ts'
import { RootEndpoint } from '../../apiserver/discovery/root-endpoint.ts'
import { servedResources } from '../../apiserver/discovery/served-resource.ts'
import { VersionEndpoint } from '../../apiserver/discovery/version-endpoint.ts'
import type { Endpoint, SubresourceEndpoint } from '../../apiserver/endpoint.ts'
import { cborGate } from '../../apiserver/rest/media-types.ts'
import { ownSubresources } from '../../apiserver/rest/subresources.ts'
import type { ServerCore } from '../../apiserver/server-core.ts'
import type { HealthCheck } from '../../base/health-checks.ts'
import { HealthSlis } from '../../base/health-slis.ts'
import { apiVersion, buildInfo } from '../version.ts'
import { zPages } from '../z-pages.ts'
import type { ApiServerSetup } from './api-server.ts'
import { readFieldDocs } from './field-docs.ts'

const healthNames = ['healthz', 'livez', 'readyz']

export interface DocumentParts {
  readonly core: ServerCore
  readonly setup: ApiServerSetup
  readonly checks: readonly HealthCheck[]
}

export interface Documents {
  readonly endpoints: readonly Endpoint[]
  /** What other servers add to them. */
  readonly publish: AggregationOptions['publish']
}

/** What clients ask before anything else: discovery, OpenAPI, health, version, metrics. */
export function apiDocuments(
  { core, setup, checks }: DocumentParts,
  subresources: readonly SubresourceEndpoint[],
): Documents {
  const { host, logger, metrics, identity } = setup
  const { issuers, keys, keysUrl } = identity.serviceAccounts
  const { externalAddress = `${setup.advertise.address}:${setup.advertise.port}`, livezGraceMs = 0 } = setup
  const address = externalAddress
  const startedMs = host.monotonicMs()
  const isStarting = ({ name }: HealthCheck): boolean =>
    name.startsWith('poststarthook/') && host.monotonicMs() - startedMs < livezGraceMs
  const cbor = core.options.features?.enabled(cborGate) ?? false
  const discovery = new DiscoveryEndpoint({ host, address, cbor })
  const build = buildInfo()
  const slis = new HealthSlis()
  const openApi = new OpenApiEndpoint({
    host,
    schemas: core.options.schemas,
    docs: readFieldDocs,
    version: apiVersion,
    cbor,
  })
  const answered = new Set(subresources.map((each) => `${each.group}/${each.resource}/${each.subresource}`))
  const served = servedResources(core.options.kinds, resources, (kind, name) => {
    const { status, scale, parts = [] } = kind.subresources
    if (name === 'status') return status !== undefined
    if (name === 'scale') return scale !== undefined
    const key = `${kind.group}/${kind.resource}/${name}`
    return parts.includes(name) || key in ownSubresources || answered.has(key)
  })
  core.served.onChange(() => {
    discovery.replace(() => core.served.list())
    openApi.replace(() => core.served.list())
  })
  core.served.replace('built in', () => served)
  const endpoints: Endpoint[] = [
    discovery,
    openApi,
    ...healthNames.map(
      (name) => new HealthEndpoint(name, checks, logger, slis, name === 'livez' ? isStarting : undefined),
    ),
    new VersionEndpoint(build),
    new MetricsEndpoint('/metrics', metrics),
    new MetricsEndpoint('/metrics/slis', slis),
    new OpenIdEndpoint(issuers[0] ?? '', `https://${address}`, keys, keysUrl),
  ]
  const all = (): readonly string[] => endpoints.flatMap((endpoint) => endpoint.index?.() ?? endpoint.paths)
  const { features } = core.options
  const pages =
    features === undefined
      ? []
      : zPages({ host, features, name: 'apiserver', flags: setup.flags, paths: all })
  const shown = [...endpoints, ...pages]
  return {
    endpoints: [...shown, new RootEndpoint(shown)],
    publish: (versions, external) => {
      discovery.replaceExternal(versions)
      openApi.replaceExternal(external)
    },
  }
}
