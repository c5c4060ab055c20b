import { defineKind } from '../../../apimachinery/define-kind.ts'
import { nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

const healthy = (status: core.v1.ComponentStatus): core.v1.ComponentCondition | undefined =>
  status.conditions?.find((condition) => condition.type === 'Healthy')

/** Computed on reading by the API server, never stored. */
export const ComponentStatus = defineKind<core.v1.ComponentStatus>({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  resource: 'componentstatuses',
  namespaced: false,
  schema: 'io.k8s.api.core.v1.ComponentStatus',
  shortNames: ['cs'],
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  verbs: ['get', 'list'],
  columns: [
    nameColumn,
    {
      name: 'Status',
      type: 'string',
      value: (status) => {
        const condition = healthy(status)
        if (condition === undefined) return 'Unknown'
        return condition.status === 'True' ? 'Healthy' : 'Unhealthy'
      },
    },
    { name: 'Message', type: 'string', value: (status) => healthy(status)?.message ?? '' },
    { name: 'Error', type: 'string', value: (status) => healthy(status)?.error ?? '' },
  ],
})
