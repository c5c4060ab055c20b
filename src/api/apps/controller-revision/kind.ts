import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { required } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { checkNonNegative } from '../../checks.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { apps } from '../../generated/types/index.ts'

function validate(
  revision: apps.v1.ControllerRevision,
  old: apps.v1.ControllerRevision | undefined,
): readonly FieldError[] {
  const errors: FieldError[] = []
  checkNonNegative(revision.revision, fieldPath('revision'), errors)
  const data: unknown = revision.data
  const path = fieldPath('data')
  if (old !== undefined) validateImmutable(data, old.data, path, errors)
  else if (data === undefined || data === null) errors.push(required(path, 'data is mandatory'))
  else if (typeof data !== 'object' || Array.isArray(data))
    errors.push(required(path, 'data must be a valid JSON object'))
  return errors
}

/** `statefulset.apps/web`: what made the revision. */
function controllerOf(revision: apps.v1.ControllerRevision): string {
  const owner = revision.metadata?.ownerReferences?.find((reference) => reference.controller === true)
  if (owner === undefined) return '<none>'
  const slash = owner.apiVersion.indexOf('/')
  const group = slash < 0 ? '' : `.${owner.apiVersion.slice(0, slash)}`
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`
}

export const ControllerRevision = defineKind<apps.v1.ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  resource: 'controllerrevisions',
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.ControllerRevision',
  changedMetadata: ['change', 'whole'],
  goEscapes: true,
  validate,
  columns: [
    nameColumn,
    {
      name: 'Controller',
      type: 'string',
      value: controllerOf,
    },
    { name: 'Revision', type: 'string', value: (revision) => revision.revision },
    ageColumn,
  ],
})
