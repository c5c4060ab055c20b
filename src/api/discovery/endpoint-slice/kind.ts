import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { ipWarnings } from '../../../apimachinery/ip-warnings.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { mapSame, set } from '../../defaulting.ts'
import type { discovery } from '../../generated/types/index.ts'
import { listCell } from '../../list-cell.ts'
import { validateEndpointSlice } from './validate.ts'

type EndpointSlice = discovery.v1.EndpointSlice
type Endpoint = discovery.v1.Endpoint

function defaultPort(port: discovery.v1.EndpointPort): discovery.v1.EndpointPort {
  if (port.name !== undefined && port.protocol !== undefined) return port
  return { ...port, name: port.name ?? '', protocol: port.protocol ?? 'TCP' }
}

const defaultSlice = (slice: EndpointSlice): EndpointSlice =>
  slice.ports ? set(slice, 'ports', mapSame(slice.ports, defaultPort)) : slice

/** Topology is of an older version; nodes and zones have fields of their own. */
function withoutTopology(endpoint: Endpoint): Endpoint {
  if (endpoint.deprecatedTopology === undefined) return endpoint
  const { deprecatedTopology: _dropped, ...rest } = endpoint
  return rest
}

const withoutTopologies = (slice: EndpointSlice): EndpointSlice =>
  slice.endpoints ? set(slice, 'endpoints', mapSame(slice.endpoints, withoutTopology)) : slice

/** Labels count as content here: they say whose endpoints these are. */
function prepareForUpdate(slice: EndpointSlice, old: EndpointSlice, _context: WriteContext): EndpointSlice {
  const next = semanticallyEqual(slice.endpoints, old.endpoints) ? slice : withoutTopologies(slice)
  if (semanticallyEqual(slice.metadata?.labels, old.metadata?.labels)) return next
  return { ...next, metadata: { ...next.metadata, generation: (old.metadata?.generation ?? 0) + 1 } }
}

const controllers = new Set(['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'])

function warnings(slice: EndpointSlice, old: EndpointSlice | undefined): readonly string[] {
  const found: string[] = []
  if (old === undefined && slice.addressType === 'FQDN')
    found.push('spec.addressType: FQDN endpoints are deprecated')
  const manager = slice.metadata?.labels?.['endpointslice.kubernetes.io/managed-by'] ?? ''
  if (controllers.has(manager)) return found
  slice.endpoints?.forEach((endpoint, index) => {
    endpoint.addresses?.forEach((address, at) => {
      const where = fieldPath('endpoints').index(index).child('addresses').index(at)
      found.push(...ipWarnings(where, address))
    })
  })
  return found
}

const portOf = ({ port, name }: discovery.v1.EndpointPort): string =>
  port === undefined ? (name ?? '*') : String(port)

export const EndpointSlice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  resource: 'endpointslices',
  namespaced: true,
  schema: 'io.k8s.api.discovery.v1.EndpointSlice',
  changedMetadata: ['whole'],
  hasGeneration: true,
  defaults: defaultSlice,
  prepareForCreate: withoutTopologies,
  prepareForUpdate,
  validate: validateEndpointSlice,
  warnings,
  columns: [
    nameColumn,
    { name: 'AddressType', type: 'string', value: (slice) => slice.addressType ?? '' },
    { name: 'Ports', type: 'string', value: ({ ports }) => listCell((ports ?? []).map(portOf), '<unset>') },
    {
      name: 'Endpoints',
      type: 'string',
      value: ({ endpoints }) =>
        listCell(
          (endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []),
          '<unset>',
        ),
    },
    ageColumn,
  ],
})
