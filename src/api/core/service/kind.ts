import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'
import { formatLabels } from '../../template-columns.ts'
import { defaultService } from './defaults.ts'
import { prepareServiceForCreate, prepareServiceForUpdate } from './prepare-service.ts'
import { validateService } from './validate.ts'
import { serviceWarnings } from './warnings.ts'

/** Addresses or host names of a load balancer, sorted. */
export function ingressPoints(
  points: readonly { readonly ip?: string; readonly hostname?: string }[] = [],
): readonly string[] {
  const names = points.map((point) => point.ip || point.hostname || '').filter((name) => name !== '')
  return [...new Set(names)].sort()
}

function externalAddresses({ spec, status }: core.v1.Service): string {
  const own = spec?.externalIPs ?? []
  switch (spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return own.length > 0 ? own.join(',') : '<none>'
    case 'LoadBalancer': {
      const all = [...ingressPoints(status?.loadBalancer?.ingress), ...own]
      return all.length > 0 ? all.join(',') : '<pending>'
    }
    case 'ExternalName':
      return spec.externalName ?? ''
    default:
      return '<unknown>'
  }
}

function ports({ spec }: core.v1.Service): string {
  const texts = (spec?.ports ?? []).map(({ port, nodePort = 0, protocol = '' }) =>
    nodePort > 0 ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  )
  return texts.length === 0 ? '<none>' : texts.join(',')
}

export const Service = defineKind<core.v1.Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  resource: 'services',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Service',
  shortNames: ['svc'],
  categories: ['all'],
  nameRule: 'label',
  subresources: { status: {} },
  storagePrefix: 'services/specs',
  allowCreateOnUpdate: true,
  returnsDeleted: true,
  defaults: defaultService,
  prepareForCreate: prepareServiceForCreate,
  prepareForUpdate: prepareServiceForUpdate,
  validate: validateService,
  warnings: serviceWarnings,
  selectableFields: {
    'spec.clusterIP': (service) => service.spec?.clusterIP ?? '',
    'spec.type': (service) => service.spec?.type ?? '',
  },
  columns: [
    nameColumn,
    { name: 'Type', type: 'string', value: ({ spec }) => spec?.type ?? '' },
    { name: 'Cluster-IP', type: 'string', value: ({ spec }) => spec?.clusterIPs?.[0] ?? '<none>' },
    { name: 'External-IP', type: 'string', value: externalAddresses },
    { name: 'Port(s)', type: 'string', value: ports },
    ageColumn,
    { name: 'Selector', type: 'string', priority: 1, value: ({ spec }) => formatLabels(spec?.selector) },
  ],
})
