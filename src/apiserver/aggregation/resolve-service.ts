import type { core, discovery } from '../../api/generated/types/index.ts'
import { decodeBase64 } from '../../base/base64.ts'
import type { Host } from '../../base/host.ts'
import type { BackendAddress } from '../connect/backend.ts'
import type { ObjectReader } from '../object-reader.ts'
import { typedReader } from '../typed-reader.ts'
import type { RemoteService } from './remote-services.ts'

type EndpointSlice = discovery.v1.EndpointSlice

const serviceNameLabel = 'kubernetes.io/service-name'

export interface ServiceResolver {
  readonly host: Host
  readonly reader: ObjectReader
}

/** A service's slices. */
export const slicesOf = (reader: ObjectReader, namespace: string, name: string): readonly EndpointSlice[] =>
  typedReader<EndpointSlice>(reader, { group: 'discovery.k8s.io', resource: 'endpointslices' })
    .list(namespace)
    .filter(({ metadata }) => metadata?.labels?.[serviceNameLabel] === name)

const readyAddresses = (slice: EndpointSlice): readonly string[] =>
  (slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses)

/** Where a service is: an endpoint itself, as with `--enable-aggregator-routing`, since this process may be where no service address leads anywhere. Throws an Error that says why there is none. */
export function resolveService(
  { host, reader }: ServiceResolver,
  { namespace, name, port }: RemoteService['service'],
): { readonly host: string; readonly port: number } {
  const services = typedReader<core.v1.Service>(reader, { group: '', resource: 'services' })
  const service = services.get(namespace, name)
  if (service === undefined) throw new Error(`service "${name}" not found`)
  const { type, externalName = '', ports = [] } = service.spec ?? {}
  if (type === 'ExternalName') return { host: externalName, port }
  const wanted = ports.find((each) => each.port === port)
  if (wanted === undefined) throw new Error(`no service port ${port} found for service "${name}"`)
  const candidates = slicesOf(reader, namespace, name).flatMap((slice) => {
    const found = slice.ports?.find((each) => (each.name ?? '') === (wanted.name ?? ''))?.port
    return found === undefined ? [] : readyAddresses(slice).map((address) => ({ host: address, port: found }))
  })
  const chosen = candidates[Math.floor(host.random() * candidates.length)]
  if (chosen === undefined) throw new Error(`no endpoints available for service "${name}"`)
  return chosen
}

/** The server behind an APIService, as a backend with what it is known by. Throws an Error that says why there is none. */
export function resolveRemote(resolver: ServiceResolver, remote: RemoteService): BackendAddress {
  const { service, caBundle = '', insecureSkipTLSVerify } = remote
  return {
    scheme: 'https',
    ...resolveService(resolver, service),
    trust: {
      serverName: `${service.name}.${service.namespace}.svc`,
      authorityPem: caBundle === '' ? undefined : new TextDecoder().decode(decodeBase64(caBundle)),
      verify: !insecureSkipTLSVerify,
      client: 'front-proxy',
    },
  }
}
