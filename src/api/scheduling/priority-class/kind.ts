import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { checkRequiredChoice } from '../../checks.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fillUnset } from '../../defaulting.ts'
import type { scheduling } from '../../generated/types/index.ts'
import { clusterCriticalPriority, nodeCriticalPriority } from '../system-priorities.ts'

type PriorityClass = scheduling.v1.PriorityClass

const systemPrefix = 'system-'
const maxUserPriority = 1_000_000_000
const systemPriorities: ReadonlyMap<string, number> = new Map([
  ['system-node-critical', nodeCriticalPriority],
  ['system-cluster-critical', clusterCriticalPriority],
])

/** Why a class with the system's prefix is not one of the system's. */
function systemError({ metadata, value, globalDefault }: PriorityClass): string | undefined {
  const name = metadata?.name ?? ''
  const expected = systemPriorities.get(name)
  if (expected === undefined) return `${name} is not a known system priority class`
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`
  return globalDefault === true ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

function validate(object: PriorityClass, old: PriorityClass | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  const { value = 0, preemptionPolicy } = object
  const path = fieldPath('preemptionPolicy')
  if (old !== undefined) {
    if (value !== (old.value ?? 0)) errors.push(fieldForbidden('value', 'may not be changed in an update.'))
    validateImmutable(preemptionPolicy, old.preemptionPolicy, path, errors)
    return errors
  }
  if ((object.metadata?.name ?? '').startsWith(systemPrefix)) {
    const error = systemError(object)
    const detail = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${error}`
    if (error !== undefined) errors.push(fieldForbidden('metadata.name', detail))
  } else if (value > maxUserPriority) {
    const detail = `maximum allowed value of a user defined priority is ${maxUserPriority}`
    errors.push(fieldForbidden('value', detail))
  }
  if (preemptionPolicy !== undefined)
    checkRequiredChoice(preemptionPolicy, ['PreemptLowerPriority', 'Never'], path, errors)
  return errors
}

export const PriorityClass = defineKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  resource: 'priorityclasses',
  namespaced: false,
  schema: 'io.k8s.api.scheduling.v1.PriorityClass',
  shortNames: ['pc'],
  defaults: (object) => fillUnset(object, { preemptionPolicy: 'PreemptLowerPriority' }),
  prepareForCreate: (object) => ({ ...object, metadata: { ...object.metadata, generation: 1 } }),
  validate,
  columns: [
    nameColumn,
    { name: 'Value', type: 'integer', value: ({ value }) => value ?? 0 },
    { name: 'Global-Default', type: 'boolean', value: ({ globalDefault }) => globalDefault ?? false },
    ageColumn,
    {
      name: 'PreemptionPolicy',
      type: 'string',
      value: ({ preemptionPolicy }) => preemptionPolicy ?? '',
    },
  ],
})
