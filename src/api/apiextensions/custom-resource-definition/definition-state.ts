import { formatTime } from '../../../apimachinery/time.ts'
import type { apiextensions } from '../../generated/types/index.ts'

export type Definition = apiextensions.v1.CustomResourceDefinition
export type DefinitionVersion = apiextensions.v1.CustomResourceDefinitionVersion
export type DefinitionNames = apiextensions.v1.CustomResourceDefinitionNames
export type DefinitionCondition = apiextensions.v1.CustomResourceDefinitionCondition

export type ConditionType =
  | 'Established'
  | 'NamesAccepted'
  | 'NonStructuralSchema'
  | 'Terminating'
  | 'KubernetesAPIApprovalPolicyConformant'
  | 'StorageMigrating'

/** Keeps a definition until all its instances are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

export const conditionOf = ({ status }: Definition, type: ConditionType): DefinitionCondition | undefined =>
  status?.conditions?.find((condition) => condition.type === type)

export const isTrue = (definition: Definition, type: ConditionType): boolean =>
  conditionOf(definition, type)?.status === 'True'

export const storageVersionOf = ({ spec }: Definition): DefinitionVersion | undefined =>
  spec.versions?.find(({ storage }) => storage)

export const versionOf = ({ spec }: Definition, name: string): DefinitionVersion | undefined =>
  spec.versions?.find((version) => version.name === name)

export interface NewCondition {
  readonly type: ConditionType
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
}

/** A copy with the condition set; its time changes only with its status. */
export function withCondition(definition: Definition, condition: NewCondition, nowMs: number): Definition {
  const conditions = definition.status?.conditions ?? []
  const old = conditions.find(({ type }) => type === condition.type)
  const kept = old?.status === condition.status ? old.lastTransitionTime : undefined
  const lastTransitionTime = kept ?? formatTime(nowMs)
  const next: DefinitionCondition = { ...old, ...condition, lastTransitionTime }
  const changed =
    old === undefined ? [...conditions, next] : conditions.map((each) => (each === old ? next : each))
  return { ...definition, status: { ...definition.status, conditions: changed } }
}

export const withoutCondition = (definition: Definition, type: ConditionType): Definition => ({
  ...definition,
  status: {
    ...definition.status,
    conditions: (definition.status?.conditions ?? []).filter((condition) => condition.type !== type),
  },
})
