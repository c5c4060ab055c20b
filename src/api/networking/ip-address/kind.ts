import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { ipComplaints } from '../../../apimachinery/ip-validation.ts'
import { isDns1123Subdomain, isPathSegmentName } from '../../../apimachinery/names.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { checkRequiredText, checkText } from '../../checks.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { networking } from '../../generated/types/index.ts'
import { kindUnderVersion } from '../../in-version.ts'

type IPAddress = networking.v1.IPAddress
type Parent = networking.v1.ParentReference

function validateParent(parent: Parent | undefined, path: FieldPath, errors: FieldError[]): void {
  if (parent === undefined) {
    errors.push(required(path))
    return
  }
  const { group = '', namespace = '' } = parent
  if (group !== '') checkText(group, isDns1123Subdomain, path.child('group'), errors)
  checkRequiredText(parent.resource, isPathSegmentName, path.child('resource'), errors)
  checkRequiredText(parent.name, isPathSegmentName, path.child('name'), errors)
  if (namespace !== '') checkText(namespace, isPathSegmentName, path.child('namespace'), errors)
}

function validate(address: IPAddress, old: IPAddress | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  const where = fieldPath('spec').child('parentRef')
  validateParent(address.spec?.parentRef, where, errors)
  if (old !== undefined) validateImmutable(address.spec?.parentRef, old.spec?.parentRef, where, errors)
  return errors
}

function parentOf({ spec }: IPAddress): string {
  const parent: Partial<Parent> | undefined = spec?.parentRef
  if (parent === undefined) return '<none>'
  const { group = '', resource = '', namespace = '', name = '' } = parent
  const kind = (group === '' ? resource : `${resource}.${group}`).toLowerCase()
  return [kind, ...(namespace === '' ? [] : [namespace]), name].join('/')
}

/** Named after the address that it reserves. */
export const IPAddress = defineKind<IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  resource: 'ipaddresses',
  namespaced: false,
  schema: 'io.k8s.api.networking.v1.IPAddress',
  changedMetadata: ['whole', 'change'],
  shortNames: ['ip'],
  nameRule: 'path-segment',
  nameComplaints: ipComplaints,
  validate,
  columns: [
    nameColumn,
    {
      name: 'ParentRef',
      type: 'string',
      value: parentOf,
    },
    { ...ageColumn, undefinedCell: true },
  ],
})

export const IPAddressV1Beta1 = kindUnderVersion(IPAddress, {
  version: 'v1beta1',
  schema: 'io.k8s.api.networking.v1beta1.IPAddress',
  deprecated: { since: '1.34', removed: '1.37' },
})
