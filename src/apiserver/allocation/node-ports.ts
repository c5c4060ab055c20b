import { needsHealthCheckPort, needsNodePort } from '../../api/core/service/service-type.ts'
import type { core } from '../../api/generated/types/index.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { internalError, invalid } from '../../apimachinery/status-error.ts'
import { AllocationError } from './allocation-error.ts'

type Service = core.v1.Service
type Port = core.v1.ServicePort

/** Where ports come from, remembering what was taken. */
export interface PortSource {
  take(port: number): void
  next(): number
}

const usesNodePorts = ({ spec }: Service): boolean =>
  spec?.type === 'NodePort' || spec?.type === 'LoadBalancer'

/** All ports of the node that a service holds. */
export function nodePortsOf(service: Service): ReadonlySet<number> {
  const ports = new Set<number>()
  for (const { nodePort } of service.spec?.ports ?? []) if (nodePort) ports.add(nodePort)
  const health = service.spec?.healthCheckNodePort
  if (health && needsHealthCheckPort(service)) ports.add(health)
  return ports
}

function takeOrRefuse(service: Service, index: number, port: number, source: PortSource): void {
  try {
    source.take(port)
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error
    const name = service.metadata?.name ?? ''
    const field = `spec.ports[${index}].nodePort`
    throw invalid({ group: '', kind: 'Service', name }, [invalidValue(field, port, error.message)])
  }
}

function nextOrFail(source: PortSource): number {
  try {
    return source.next()
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error
    throw internalError(`failed to allocate a nodePort: ${error.message}`)
  }
}

/** For a new service: the same port number over two protocols shares a node port. */
function portsForCreate(service: Service, source: PortSource): readonly Port[] {
  const ports = service.spec?.ports ?? []
  const known = new Map<number, number>()
  return ports.map((port, index) => {
    const wanted = port.nodePort ?? 0
    if (wanted === 0 && !needsNodePort(service)) return port
    const shared = known.get(port.port)
    if (shared !== undefined) {
      if (wanted !== 0 && wanted !== shared) takeOrRefuse(service, index, wanted, source)
      return wanted === 0 ? { ...port, nodePort: shared } : port
    }
    const requested = ports.find((other) => other.port === port.port && other.nodePort)?.nodePort
    if (requested !== undefined) takeOrRefuse(service, index, requested, source)
    const nodePort = requested ?? nextOrFail(source)
    known.set(port.port, nodePort)
    return { ...port, nodePort }
  })
}

function portsForUpdate(service: Service, old: Service, source: PortSource): readonly Port[] {
  const held = new Set(nodePortsOf(old))
  return (service.spec?.ports ?? []).map((port, index) => {
    const wanted = port.nodePort ?? 0
    if (wanted === 0) return needsNodePort(service) ? { ...port, nodePort: nextOrFail(source) } : port
    if (!held.has(wanted)) takeOrRefuse(service, index, wanted, source)
    held.add(wanted)
    return port
  })
}

function withHealthPort(service: Service, old: Service | undefined, source: PortSource): Service {
  if (!needsHealthCheckPort(service) || (old !== undefined && needsHealthCheckPort(old))) return service
  const wanted = service.spec?.healthCheckNodePort ?? 0
  const failed =
    wanted === 0
      ? 'failed to allocate a HealthCheck NodePort 0'
      : `failed to allocate requested HealthCheck NodePort ${wanted}`
  try {
    if (wanted !== 0) source.take(wanted)
    const healthCheckNodePort = wanted === 0 ? source.next() : wanted
    return { ...service, spec: { ...service.spec, healthCheckNodePort } }
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error
    throw internalError(`${failed}: ${error.message}`)
  }
}

/** The service with the node ports that its type calls for. */
export function allocateNodePorts(service: Service, old: Service | undefined, source: PortSource): Service {
  if (!usesNodePorts(service) || service.spec?.ports === undefined)
    return withHealthPort(service, old, source)
  const ports = old === undefined ? portsForCreate(service, source) : portsForUpdate(service, old, source)
  return withHealthPort({ ...service, spec: { ...service.spec, ports } }, old, source)
}
