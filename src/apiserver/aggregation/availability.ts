import type { core } from '../../api/generated/types/index.ts'
import type { ObjectReader } from '../object-reader.ts'
import { typedReader } from '../typed-reader.ts'
import type { RemoteService } from './remote-services.ts'
import { slicesOf } from './resolve-service.ts'

/** What the condition `Available` says. */
export interface Availability {
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

export const passed: Availability = { status: 'True', reason: 'Passed', message: 'all checks passed' }

const missing = (reason: string, message: string): Availability => ({ status: 'False', reason, message })

/** What can be told without asking the server itself; undefined when that remains to be done. */
export function unavailability(reader: ObjectReader, { service }: RemoteService): Availability | undefined {
  const { namespace, name, port } = service
  const place = `service/${name} in "${namespace}"`
  const services = typedReader<core.v1.Service>(reader, { group: '', resource: 'services' })
  const found = services.get(namespace, name)
  if (found === undefined) return missing('ServiceNotFound', `${place} is not present`)
  if (found.spec?.type !== 'ClusterIP') return undefined
  const listening = found.spec.ports?.find((each) => each.port === port)
  if (listening === undefined) return missing('ServicePortError', `${place} is not listening on port ${port}`)
  const slices = slicesOf(reader, namespace, name)
  if (slices.length === 0) return missing('EndpointsNotFound', `cannot find endpointslices for ${place}`)
  const portName = listening.name ?? ''
  const reachable = slices.some(
    ({ endpoints, ports }) =>
      (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false) &&
      (ports ?? []).some((each) => each.name === portName && each.port !== undefined),
  )
  if (reachable) return undefined
  return missing(
    'MissingEndpoints',
    `endpointslices for ${place} have no addresses with port name "${portName}"`,
  )
}

export const failedDiscovery = (message: string): Availability => missing('FailedDiscoveryCheck', message)
