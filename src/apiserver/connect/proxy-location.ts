import type { core } from '../../api/generated/types/index.ts'
import { isWithin, linkLocalRanges, loopbackRanges, parseIp } from '../../apimachinery/ip-address.ts'
import { badRequest, notFound, statusError } from '../../apimachinery/status-error.ts'
import type { ServerRequest } from '../request.ts'
import { typedReader } from '../typed-reader.ts'
import type { BackendAddress } from './backend.ts'
import type { ConnectContext } from './connect-context.ts'
import { kubeletAddress } from './kubelet-address.ts'
import { podOf } from './pod-target.ts'
import { type SchemeNamePort, splitSchemeNamePort } from './split-name.ts'

export type ProxiedResource = 'pods' | 'services' | 'nodes'

const standardPorts = { http: 80, https: 443 } as const

/** Only addresses of the network: through loopback and link-local ones a pod's status could open this very machine. */
function checkAddress(ip: string): void {
  const parsed = parseIp(ip)
  const allowed = parsed !== undefined && !isWithin(parsed, [...loopbackRanges, ...linkLocalRanges])
  if (!allowed) throw badRequest('address not allowed')
}

const addressOf = (scheme: SchemeNamePort['scheme'], host: string, port: number): BackendAddress => ({
  scheme: scheme === '' ? 'http' : scheme,
  host,
  port,
  trust: 'none',
})

function podAddress(context: ConnectContext, request: ServerRequest, id: SchemeNamePort): BackendAddress {
  const pod = podOf(context.reader, request.info.namespace, id.name)
  const declared = pod.spec?.containers.find(({ ports }) => ports?.length)?.ports?.[0]?.containerPort
  const ip = pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? ''
  checkAddress(ip)
  const port =
    id.port === '' ? (declared ?? standardPorts[id.scheme === 'https' ? 'https' : 'http']) : Number(id.port)
  if (!Number.isInteger(port)) throw badRequest(`invalid pod request "${request.info.name}"`)
  return addressOf(id.scheme, ip, port)
}

const unavailable = (message: string): Error => statusError('ServiceUnavailable', message)

/** The endpoint's port by the name of the service's. */
function portName(service: core.v1.Service, wanted: string): string {
  if (!/^\d+$/.test(wanted)) return wanted
  const found = service.spec?.ports?.find(({ port }) => port === Number(wanted))
  if (found !== undefined) return found.name ?? ''
  throw unavailable(`no service port ${wanted} found for service "${service.metadata?.name}"`)
}

function serviceAddress(context: ConnectContext, request: ServerRequest, id: SchemeNamePort): BackendAddress {
  const { namespace } = request.info
  const services = typedReader<core.v1.Service>(context.reader, { group: '', resource: 'services' })
  const service = services.get(namespace, id.name)
  if (service === undefined) throw notFound({ group: '', resource: 'services', name: id.name })
  const wanted = portName(service, id.port)
  const endpoints = typedReader<core.v1.Endpoints>(context.reader, { group: '', resource: 'endpoints' })
  const subsets = endpoints.get(namespace, id.name)?.subsets ?? []
  const candidates = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const port = ports.find(({ name = '' }) => name === wanted)?.port
    // Only what is a pod: endpoints can be written by hand.
    const pods = addresses.filter(
      ({ targetRef }) => targetRef?.kind === 'Pod' && targetRef.namespace === namespace,
    )
    return port === undefined ? [] : pods.map(({ ip }) => ({ ip, port }))
  })
  const chosen = candidates[Math.floor(context.host.random() * candidates.length)]
  if (chosen === undefined) throw unavailable(`no endpoints available for service "${request.info.name}"`)
  checkAddress(chosen.ip)
  return addressOf(id.scheme, chosen.ip, chosen.port)
}

function nodeAddress(context: ConnectContext, id: SchemeNamePort): BackendAddress {
  const kubelet = kubeletAddress(context, id.name)
  if (id.port === '' || id.port === String(kubelet.port)) return kubelet
  return addressOf(id.scheme, kubelet.host, Number(id.port))
}

/** Where a proxy request goes. Throws BadRequest, NotFound or ServiceUnavailable with upstream's texts. */
export function proxyAddress(
  context: ConnectContext,
  resource: ProxiedResource,
  request: ServerRequest,
): BackendAddress {
  const { name } = request.info
  const id = splitSchemeNamePort(name)
  if (id === undefined) throw badRequest(`invalid ${resource.slice(0, -1)} request "${name}"`)
  switch (resource) {
    case 'pods':
      return podAddress(context, request, id)
    case 'services':
      return serviceAddress(context, request, id)
    case 'nodes':
      return nodeAddress(context, id)
  }
}
