import type { Column } from '../../apimachinery/define-kind.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required } from '../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../apimachinery/field-path.ts'
import type { ObjectMeta } from '../../apimachinery/meta.ts'
import { isDns1123Subdomain, isPathSegmentName } from '../../apimachinery/names.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { checkRequiredText, checkText } from '../checks.ts'
import { ageColumn, nameColumn } from '../columns.ts'
import { fill, mapSame, set } from '../defaulting.ts'
import type { rbac } from '../generated/types/index.ts'

/** What bindings in and outside of namespaces have in common. */
interface AnyBinding {
  readonly metadata?: ObjectMeta
  readonly roleRef: rbac.v1.RoleRef
  readonly subjects?: readonly rbac.v1.Subject[]
}

type Subject = rbac.v1.Subject

const group = 'rbac.authorization.k8s.io'

const defaultSubject = (subject: Subject): Subject =>
  subject.kind === 'User' || subject.kind === 'Group' ? fill(subject, { apiGroup: group }) : subject

export function defaultBinding<T extends AnyBinding>(binding: T): T {
  const { roleRef, subjects } = binding
  const next = set<AnyBinding, 'roleRef'>(binding, 'roleRef', fill(roleRef ?? {}, { apiGroup: group }))
  const named = subjects === undefined ? subjects : mapSame(subjects, defaultSubject)
  if (next.roleRef === roleRef && named === subjects) return binding
  return { ...binding, roleRef: next.roleRef, ...(named === undefined ? {} : { subjects: named }) }
}

function validateSubject(subject: Subject, namespaced: boolean, path: FieldPath, errors: FieldError[]): void {
  const { kind = '', name = '', apiGroup = '', namespace = '' } = subject
  if (name === '') errors.push(required(path.child('name')))
  if (kind === 'ServiceAccount') {
    if (name !== '') checkText(name, isDns1123Subdomain, path.child('name'), errors)
    if (apiGroup !== '') errors.push(notSupported(path.child('apiGroup'), apiGroup, ['']))
    if (!namespaced && namespace === '') errors.push(required(path.child('namespace')))
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== group) errors.push(notSupported(path.child('apiGroup'), apiGroup, [group]))
  } else errors.push(notSupported(path.child('kind'), kind, ['ServiceAccount', 'User', 'Group']))
}

/** `roles` are the kinds of roles that can be bound. */
export function validateBinding(
  binding: AnyBinding,
  old: AnyBinding | undefined,
  roles: readonly string[],
): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('roleRef')
  const { apiGroup = '', kind = '', name = '' } = binding.roleRef ?? {}
  if (apiGroup !== group) errors.push(notSupported(path.child('apiGroup'), apiGroup, [group]))
  if (!roles.includes(kind)) errors.push(notSupported(path.child('kind'), kind, roles))
  checkRequiredText(name, isPathSegmentName, path.child('name'), errors)
  binding.subjects?.forEach((subject, index) => {
    validateSubject(subject, roles.includes('Role'), fieldPath('subjects').index(index), errors)
  })
  if (old !== undefined && !semanticallyEqual(binding.roleRef, old.roleRef))
    errors.push(invalidValue(path, binding.roleRef, 'cannot change roleRef'))
  return errors
}

const subjectsOf = (binding: AnyBinding, kind: string): readonly Subject[] =>
  (binding.subjects ?? []).filter((subject) => subject.kind === kind)

export const bindingColumns: readonly Column<AnyBinding>[] = [
  nameColumn,
  {
    name: 'Role',
    type: 'string',
    value: ({ roleRef }) => `${roleRef?.kind ?? ''}/${roleRef?.name ?? ''}`,
  },
  ageColumn,
  {
    name: 'Users',
    type: 'string',
    priority: 1,
    value: (binding) =>
      subjectsOf(binding, 'User')
        .map(({ name }) => name)
        .join(', '),
  },
  {
    name: 'Groups',
    type: 'string',
    priority: 1,
    value: (binding) =>
      subjectsOf(binding, 'Group')
        .map(({ name }) => name)
        .join(', '),
  },
  {
    name: 'ServiceAccounts',
    type: 'string',
    priority: 1,
    value: (binding) =>
      subjectsOf(binding, 'ServiceAccount')
        .map(({ namespace, name }) => `${namespace ?? ''}/${name}`)
        .join(', '),
  },
]
