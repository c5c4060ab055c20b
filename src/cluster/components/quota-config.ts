import type { LimitedResource } from '../../apiserver/admission/resource-quota/charge.ts'
import { configObject, type Fields, listOf, only, textOf, textsOf } from './config-fields.ts'
import { FlagError } from './flags/parse-flags.ts'

/** Upstream reads all of them. */
const kinds = [
  ['apiserver.config.k8s.io/v1', 'ResourceQuotaConfiguration'],
  ['resourcequota.admission.k8s.io/v1beta1', 'Configuration'],
  ['resourcequota.admission.k8s.io/v1alpha1', 'Configuration'],
] as const

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const

function scopeOf(value: unknown, path: string): NonNullable<LimitedResource['matchScopes']>[number] {
  const fields = only(value, path, ['scopeName', 'operator', 'values'])
  const given = textOf(fields, 'operator') ?? ''
  const operator = operators.find((each) => each === given)
  if (operator === undefined)
    throw new FlagError(`${path}.operator: Unsupported value: ${JSON.stringify(given)}`)
  return {
    scopeName: textOf(fields, 'scopeName') ?? '',
    operator,
    values: [...(textsOf(fields, 'values') ?? [])],
  }
}

function limitedOf(value: unknown, path: string): LimitedResource {
  const fields = only(value, path, ['apiGroup', 'resource', 'matchContains', 'matchScopes'])
  const resource = textOf(fields, 'resource') ?? ''
  if (resource === '') throw new FlagError(`${path}.resource: Required value`)
  return {
    apiGroup: textOf(fields, 'apiGroup') ?? '',
    resource,
    matchContains: textsOf(fields, 'matchContains') ?? [],
    matchScopes: (listOf(fields, 'matchScopes') ?? []).map((scope, at) =>
      scopeOf(scope, `${path}.matchScopes[${at}]`),
    ),
  }
}

/** What ResourceQuota is told: resources that a namespace uses only where a quota covers them. Throws FlagError. */
export function quotaConfig(value: unknown, file: string): readonly LimitedResource[] {
  const version = typeof value === 'object' && value !== null ? Reflect.get(value, 'apiVersion') : undefined
  const kind = kinds.find(([each]) => each === version) ?? kinds[0]
  const top: Fields = configObject(value, file, kind, ['limitedResources'])
  return (listOf(top, 'limitedResources') ?? []).map((item, at) => limitedOf(item, `limitedResources[${at}]`))
}
