import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fill, mapSame, set } from '../../defaulting.ts'
import type { core } from '../../generated/types/index.ts'
import { listCell } from '../../list-cell.ts'
import { validateEndpoints } from './validate.ts'
import { endpointsWarnings } from './warnings.ts'

type Endpoints = core.v1.Endpoints
type Subset = core.v1.EndpointSubset

function defaultSubset(subset: Subset): Subset {
  if (subset.ports === undefined) return subset
  return set(
    subset,
    'ports',
    mapSame(subset.ports, (port) => fill(port, { protocol: 'TCP' })),
  )
}

function defaultEndpoints(endpoints: Endpoints): Endpoints {
  if (endpoints.subsets === undefined) return endpoints
  return set(endpoints, 'subsets', mapSame(endpoints.subsets, defaultSubset))
}

const hostPort = (ip: string, port: number): string =>
  ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`

function formatEndpoints({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return '<none>'
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port))),
  )
  return listCell(all, '')
}

export const Endpoints = defineKind<Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  resource: 'endpoints',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Endpoints',
  changedMetadata: ['change', 'whole'],
  shortNames: ['ep'],
  storagePrefix: 'services/endpoints',
  allowCreateOnUpdate: true,
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  defaults: defaultEndpoints,
  validate: validateEndpoints,
  warnings: endpointsWarnings,
  columns: [nameColumn, { name: 'Endpoints', type: 'string', value: formatEndpoints }, ageColumn],
})
