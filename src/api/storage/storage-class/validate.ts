import type { FieldError } from '../../../apimachinery/field-error.ts'
import { duplicate, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { checkText } from '../../checks.ts'
import type { core, storage } from '../../generated/types/index.ts'
import { validateDriver, validateParameters } from '../parameters.ts'

type StorageClass = storage.v1.StorageClass

const reclaimPolicies: readonly string[] = ['Delete', 'Retain']
const bindingModes: readonly string[] = ['Immediate', 'WaitForFirstConsumer']

function validateTerm(term: core.v1.TopologySelectorTerm, path: FieldPath, errors: FieldError[]): void {
  const keys = new Set<string>()
  term.matchLabelExpressions?.forEach(({ key = '', values = [] }, index) => {
    const where = path.child('matchLabelExpressions').index(index)
    if (values.length === 0) errors.push(required(where.child('values')))
    values.forEach((value, at) => {
      if (values.indexOf(value) < at) errors.push(duplicate(where.child('values').index(at), value))
    })
    checkText(key, isQualifiedName, where.child('key'), errors)
    if (keys.has(key)) errors.push(duplicate(where.child('key'), key))
    keys.add(key)
  })
}

/** The same for terms that mean the same. */
const meaning = (term: core.v1.TopologySelectorTerm): string =>
  (term.matchLabelExpressions ?? [])
    .map(({ key, values = [] }) => JSON.stringify([key, ...[...new Set(values)].sort()]))
    .sort()
    .join()

function validateTopologies(
  terms: readonly core.v1.TopologySelectorTerm[] | undefined,
  errors: FieldError[],
): void {
  if (terms === undefined) return
  // Upstream's list of what came before begins with as many that say nothing as there are terms.
  const before = terms.map(() => '')
  terms.forEach((term, index) => {
    const path = fieldPath('allowedTopologies').index(index)
    validateTerm(term, path, errors)
    const own = meaning(term)
    for (const other of before)
      if (other === own) errors.push(duplicate(path.child('matchLabelExpressions'), ''))
    before.push(own)
  })
}

const immutableFields = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const

export function validateStorageClass(
  object: StorageClass,
  old: StorageClass | undefined,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const { reclaimPolicy = '', volumeBindingMode: mode } = object
  validateDriver(object.provisioner ?? '', 'provisioner', errors)
  validateParameters(object.parameters, fieldPath('parameters'), errors)
  if (reclaimPolicy !== '' && !reclaimPolicies.includes(reclaimPolicy))
    errors.push(notSupported('reclaimPolicy', reclaimPolicy, reclaimPolicies))
  if (mode === undefined) errors.push(required('volumeBindingMode'))
  else if (!bindingModes.includes(mode)) errors.push(notSupported('volumeBindingMode', mode, bindingModes))
  validateTopologies(object.allowedTopologies, errors)
  if (old !== undefined)
    for (const field of immutableFields)
      validateImmutable(object[field], old[field], fieldPath(field), errors)
  return errors
}
