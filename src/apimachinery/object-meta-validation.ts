import type { KindDeclaration, NameRule } from './define-kind.ts'
import type { FieldError } from './field-error.ts'
import { fieldForbidden, immutableMessage, invalidValue, required, tooLong } from './field-errors.ts'
import { type FieldPath, fieldPath } from './field-path.ts'
import { goQuote } from './go-text.ts'
import { isLabelValue, isQualifiedName } from './label-syntax.ts'
import type { KubernetesObject, ManagedFieldsEntry, ObjectMeta, OwnerReference, StringMap } from './meta.ts'
import { checkName } from './name-rules.ts'
import type { Complaints } from './names.ts'
import { semanticallyEqual } from './semantically-equal.ts'
import { utf8Length } from './utf8-length.ts'

/** Of an object's annotations, keys and values together. */
export const maxAnnotationBytes = 256 * 1024
const maxManagerBytes = 128
const maxSubresourceBytes = 256

export interface ObjectMetaRules {
  readonly namespaced: boolean
  readonly nameRule: NameRule | ((name: string) => Complaints)
  /** Finalizers without a domain are fine (custom resources). */
  readonly looseFinalizers?: boolean
}

/** The rules for an object that is about to be made, which may have a kind's own for its name. */
export function rulesForNew<T extends KubernetesObject>(
  kind: KindDeclaration<T>,
  object: T,
): ObjectMetaRules {
  if (kind.nameComplaints === undefined) return kind
  return { ...kind, nameRule: (name) => kind.nameComplaints?.(name, object) ?? [] }
}

/** Of an object itself; those of templates are made as they come. */
const metadataPath = fieldPath('metadata')

/** Upstream's ValidateObjectMeta: everything that is wrong with an object's metadata, in its order. */
export function validateObjectMeta(
  metadata: ObjectMeta,
  rules: ObjectMetaRules,
  path: FieldPath = metadataPath,
): readonly FieldError[] {
  const errors: FieldError[] = []
  validateAnyMeta(metadata, rules, path, errors)
  if (rules.looseFinalizers !== true)
    validateFinalizerDomains(metadata.finalizers, path.child('finalizers'), errors)
  return errors
}

/** `whole`: what holds for any object's; `change`: what an update may not do. */
export type MetadataCheck = 'whole' | 'change'

const usualChecks: readonly MetadataCheck[] = ['change']

/**
 * Everything that is wrong with the metadata of a changed object, as often as upstream says it: its machinery looks
 * at it once, and most kinds once more. `between` comes after the first of the kind's own looks.
 */
export function validateChangedMeta(
  metadata: ObjectMeta,
  old: ObjectMeta,
  rules: ObjectMetaRules,
  checks = usualChecks,
  between: readonly FieldError[] = [],
): readonly FieldError[] {
  const whole: FieldError[] = []
  validateAnyMeta(metadata, rules, metadataPath, whole)
  const change = validateObjectMetaUpdate(metadata, old)
  const domains: FieldError[] = []
  if (rules.looseFinalizers !== true)
    validateFinalizerDomains(metadata.finalizers, metadataPath.child('finalizers'), domains)
  if (whole.length === 0 && change.length === 0 && domains.length === 0) return between
  const [first = [], ...others] = checks.map((check) => [...(check === 'whole' ? whole : change), ...domains])
  return [...whole, ...change, ...first, ...between, ...others.flat()]
}

function validateAnyMeta(
  metadata: ObjectMeta,
  rules: ObjectMetaRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  validateNames(metadata, rules, path, errors)
  if ((metadata.generation ?? 0) < 0) {
    const detail = 'must be greater than or equal to 0'
    errors.push(invalidValue(path.child('generation'), metadata.generation, detail))
  }
  validateLabels(metadata.labels, path.child('labels'), errors)
  validateAnnotations(metadata.annotations, path.child('annotations'), errors)
  validateOwnerReferences(metadata.ownerReferences, path.child('ownerReferences'), errors)
  validateFinalizers(metadata.finalizers, path.child('finalizers'), errors)
  validateManagedFields(metadata.managedFields, path.child('managedFields'), errors)
}

/** Those without a domain are reserved for what Kubernetes itself defines. */
function validateFinalizerDomains(
  finalizers: readonly string[] | undefined,
  where: FieldPath,
  errors: FieldError[],
): void {
  finalizers?.forEach((finalizer, index) => {
    validateFinalizerDomain(finalizer, where.index(index), errors)
  })
}

export function validateFinalizerDomain(finalizer: string, where: FieldPath, errors: FieldError[]): void {
  if (finalizer.includes('/') || standardFinalizers.includes(finalizer)) return
  const detail = 'name is neither a standard finalizer name nor is it fully qualified'
  errors.push(invalidValue(where, finalizer, detail))
}

function validateNames(
  metadata: ObjectMeta,
  rules: ObjectMetaRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { name = '', generateName = '', namespace = '' } = metadata
  const { nameRule } = rules
  const complaintsOf = (value: string, prefix: boolean): Complaints =>
    typeof nameRule === 'string' ? checkName(nameRule, value, prefix) : nameRule(value)
  if (generateName !== '') {
    for (const complaint of complaintsOf(generateName, true))
      errors.push(invalidValue(path.child('generateName'), generateName, complaint))
  }
  if (name === '') errors.push(required(path.child('name'), 'name or generateName is required'))
  else {
    for (const complaint of complaintsOf(name, false))
      errors.push(invalidValue(path.child('name'), name, complaint))
  }
  if (!rules.namespaced) {
    if (namespace !== '') errors.push(fieldForbidden(path.child('namespace'), 'not allowed on this type'))
  } else if (namespace === '') errors.push(required(path.child('namespace')))
  else {
    for (const complaint of checkName('label', namespace, false))
      errors.push(invalidValue(path.child('namespace'), namespace, complaint))
  }
}

/** Upstream's ValidateObjectMetaUpdate: on top of what validateObjectMeta says, what an update may not do. */
export function validateObjectMetaUpdate(
  metadata: ObjectMeta,
  old: ObjectMeta,
  path: FieldPath = metadataPath,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old.deletionTimestamp !== undefined)
    validateNoNewFinalizers(metadata.finalizers, old.finalizers, path.child('finalizers'), errors)
  if ((metadata.resourceVersion ?? '') === '') {
    const detail = 'must be specified for an update'
    errors.push(invalidValue(path.child('resourceVersion'), metadata.resourceVersion ?? '', detail))
  }
  if ((metadata.generation ?? 0) < (old.generation ?? 0)) {
    const where = path.child('generation')
    errors.push(invalidValue(where, metadata.generation ?? 0, 'must not be decremented'))
  }
  for (const field of ['name', 'namespace', 'uid'] as const)
    validateImmutable(metadata[field] ?? '', old[field] ?? '', path.child(field), errors)
  for (const field of ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const)
    validateImmutable(metadata[field], old[field], path.child(field), errors)
  validateLabels(metadata.labels, path.child('labels'), errors)
  validateAnnotations(metadata.annotations, path.child('annotations'), errors)
  validateOwnerReferences(metadata.ownerReferences, path.child('ownerReferences'), errors)
  validateManagedFields(metadata.managedFields, path.child('managedFields'), errors)
  return errors
}

/** An error unless both mean the same. */
export function validateImmutable(
  value: unknown,
  old: unknown,
  where: FieldPath,
  errors: FieldError[],
): void {
  if (!semanticallyEqual(value, old)) errors.push(invalidValue(where, value, immutableMessage))
}

function validateNoNewFinalizers(
  finalizers: readonly string[] = [],
  old: readonly string[] = [],
  where: FieldPath,
  errors: FieldError[],
): void {
  const added = [...new Set(finalizers)].filter((finalizer) => !old.includes(finalizer)).sort()
  if (added.length === 0) return
  const list = `[]string{${added.map(goQuote).join(', ')}}`
  errors.push(
    fieldForbidden(
      where,
      `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
    ),
  )
}

export function validateLabels(labels: StringMap | undefined, where: FieldPath, errors: FieldError[]): void {
  if (labels === undefined) return
  for (const key in labels) {
    const value = labels[key] ?? ''
    for (const complaint of isQualifiedName(key)) errors.push(invalidValue(where, key, complaint))
    for (const complaint of isLabelValue(value)) errors.push(invalidValue(where, value, complaint))
  }
}

/** Keys are qualified names in any case. */
export function validateAnnotations(
  annotations: StringMap | undefined,
  where: FieldPath,
  errors: FieldError[],
): void {
  if (annotations === undefined) return
  let bytes = 0
  for (const key in annotations) {
    bytes += utf8Length(key) + utf8Length(annotations[key] ?? '')
    for (const complaint of isQualifiedName(key.toLowerCase()))
      errors.push(invalidValue(where, key, complaint))
  }
  if (bytes > maxAnnotationBytes) errors.push(tooLong(where, maxAnnotationBytes))
}

function validateOwnerReference(reference: OwnerReference, where: FieldPath, errors: FieldError[]): void {
  const { apiVersion = '', kind = '', name = '', uid = '' } = reference
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  if (version === '')
    errors.push(invalidValue(where.child('apiVersion'), apiVersion, 'version must not be empty'))
  if (kind === '') errors.push(invalidValue(where.child('kind'), kind, 'must not be empty'))
  if (name === '') errors.push(invalidValue(where.child('name'), name, 'must not be empty'))
  if (uid === '') errors.push(invalidValue(where.child('uid'), uid, 'must not be empty'))
  if (apiVersion === 'v1' && kind === 'Event')
    errors.push(invalidValue(where, reference, '/v1, Kind=Event is disallowed from being an owner'))
}

function validateOwnerReferences(
  references: readonly OwnerReference[] | undefined,
  where: FieldPath,
  errors: FieldError[],
): void {
  if (references === undefined) return
  let first: string | undefined
  for (const reference of references) {
    validateOwnerReference(reference, where, errors)
    if (reference.controller !== true) continue
    const current = `${reference.kind}/${reference.name}`
    if (first === undefined) first = current
    else {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${current}`
      errors.push(invalidValue(where, references, detail))
    }
  }
}

export const orphanFinalizer = 'orphan'
export const foregroundFinalizer = 'foregroundDeletion'
const standardFinalizers: readonly string[] = ['kubernetes', orphanFinalizer, foregroundFinalizer]

function validateFinalizers(
  finalizers: readonly string[] | undefined,
  where: FieldPath,
  errors: FieldError[],
): void {
  if (finalizers === undefined) return
  for (const finalizer of finalizers)
    for (const complaint of isQualifiedName(finalizer)) errors.push(invalidValue(where, finalizer, complaint))
  if (finalizers.includes(orphanFinalizer) && finalizers.includes(foregroundFinalizer)) {
    const detail = `finalizer ${orphanFinalizer} and ${foregroundFinalizer} cannot be both set`
    errors.push(invalidValue(where, finalizers, detail))
  }
}

const unprintable = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u

/** The name of who writes: at most 128 bytes, all printable. */
export function validateFieldManager(manager: string, where: FieldPath, errors: FieldError[]): void {
  if (utf8Length(manager) > maxManagerBytes) errors.push(tooLong(where, maxManagerBytes))
  const match = unprintable.exec(manager)
  if (match === null) return
  const code = (match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const at = utf8Length(manager.slice(0, match.index))
  errors.push(invalidValue(where, manager, `invalid character U+${code} (at position ${at})`))
}

function validateManagedFields(
  entries: readonly ManagedFieldsEntry[] | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  entries?.forEach((entry, index) => {
    const where = path.index(index)
    if (entry.operation !== 'Apply' && entry.operation !== 'Update')
      errors.push(
        invalidValue(where.child('operation'), entry.operation ?? '', 'must be `Apply` or `Update`'),
      )
    if ((entry.fieldsType ?? '') !== '' && entry.fieldsType !== 'FieldsV1')
      errors.push(invalidValue(where.child('fieldsType'), entry.fieldsType, 'must be `FieldsV1`'))
    validateFieldManager(entry.manager ?? '', where.child('manager'), errors)
    if (utf8Length(entry.subresource ?? '') > maxSubresourceBytes)
      errors.push(tooLong(where.child('subresource'), maxSubresourceBytes))
  })
}
