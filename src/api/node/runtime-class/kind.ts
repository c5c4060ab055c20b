import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { duplicate } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { isDns1123Label } from '../../../apimachinery/names.ts'
import { validateImmutable, validateLabels } from '../../../apimachinery/object-meta-validation.ts'
import { checkRequiredText } from '../../checks.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { deprecatedNodeLabel } from '../../core/node/deprecated-labels.ts'
import { validateResources } from '../../core/pod/validation/validate-resources.ts'
import { validateTolerations } from '../../core/pod/validation/validate-scheduling.ts'
import type { node } from '../../generated/types/index.ts'

type RuntimeClass = node.v1.RuntimeClass

function validateScheduling(scheduling: node.v1.Scheduling, path: FieldPath, errors: FieldError[]): void {
  const { nodeSelector, tolerations = [] } = scheduling
  const where = path.child('tolerations')
  validateLabels(nodeSelector, path.child('nodeSelector'), errors)
  validateTolerations(tolerations, { comparesTaints: false }, where, errors)
  const seen = new Set<string>()
  tolerations.forEach((toleration, index) => {
    const { key = '', operator = '', value = '', effect = '' } = toleration
    const identity = JSON.stringify([key, operator, value, effect])
    if (seen.has(identity)) errors.push(duplicate(where.index(index), toleration))
    seen.add(identity)
  })
}

function validate(object: RuntimeClass, old: RuntimeClass | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  const fixed = object.overhead?.podFixed
  if (fixed !== undefined)
    validateResources(
      { limits: fixed },
      { of: 'container', claims: new Set() },
      fieldPath('overhead'),
      errors,
    )
  if (object.scheduling !== undefined) validateScheduling(object.scheduling, fieldPath('scheduling'), errors)
  const handler = fieldPath('handler')
  if (old !== undefined) validateImmutable(object.handler, old.handler, handler, errors)
  checkRequiredText(object.handler, isDns1123Label, handler, errors)
  return errors
}

const warnings = ({ scheduling }: RuntimeClass): readonly string[] =>
  Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
    const message = deprecatedNodeLabel(key)
    return message === undefined ? [] : [`scheduling.nodeSelector: ${message}`]
  })

export const RuntimeClass = defineKind<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  resource: 'runtimeclasses',
  namespaced: false,
  schema: 'io.k8s.api.node.v1.RuntimeClass',
  changedMetadata: ['whole', 'change'],
  looseFinalizers: true,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  validate,
  warnings,
  columns: [
    nameColumn,
    { name: 'Handler', type: 'string', value: ({ handler }) => handler ?? '' },
    ageColumn,
  ],
})
