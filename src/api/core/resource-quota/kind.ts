import { defineKind } from '../../../apimachinery/define-kind.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'
import { validateResourceQuota } from './validate.ts'

type ResourceQuota = core.v1.ResourceQuota

function usage({ status }: ResourceQuota, ofLimits: boolean): string {
  const { hard = {}, used = {} } = status ?? {}
  return Object.keys(hard)
    .filter((name) => name.startsWith('limits.') === ofLimits)
    .sort()
    .map((name) => `${name}: ${used[name] ?? '0'}/${hard[name]}`)
    .join(', ')
}

/** Requests above limits can never be used up. */
function warnings({ spec }: ResourceQuota, old: ResourceQuota | undefined): readonly string[] {
  if (old !== undefined) return []
  const hard = spec?.hard ?? {}
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((name) => {
    const bare = name === 'cpu' || name === 'memory' ? name : undefined
    const requestName = [`requests.${name}`, bare].find((key) => key !== undefined && key in hard)
    const request = requestName === undefined ? undefined : hard[requestName]
    const limit = hard[`limits.${name}`]
    if (request === undefined || limit === undefined || compareQuantities(request, limit) <= 0) return []
    return [`ResourceQuota ${requestName} (${request}) should be less than limits.${name} (${limit})`]
  })
}

export const ResourceQuota = defineKind<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  resource: 'resourcequotas',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ResourceQuota',
  shortNames: ['quota'],
  subresources: { status: {} },
  returnsDeleted: true,
  validate: validateResourceQuota,
  warnings,
  columns: [
    nameColumn,
    {
      name: 'Request',
      type: 'string',
      value: (quota) => usage(quota, false),
    },
    {
      name: 'Limit',
      type: 'string',
      value: (quota) => usage(quota, true),
    },
    ageColumn,
  ],
})
