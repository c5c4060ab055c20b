import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { type Complaints, isDns1035Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { checkRequiredChoice } from '../../checks.ts'
import type { apiextensions } from '../../generated/types/index.ts'
import { knowsReviewVersion, validateReviewVersions, validateWebhookClient } from '../../webhook-client.ts'
import { approvalOf, isProtectedGroup } from './api-approval.ts'
import { hasDefaults, schemaRules } from './validate-schema.ts'
import { type SharedParts, sharedParts, validateParts, validateWarning } from './validate-version.ts'

type Definition = apiextensions.v1.CustomResourceDefinition
type Names = Partial<apiextensions.v1.CustomResourceDefinitionNames>
type Spec = Partial<apiextensions.v1.CustomResourceDefinitionSpec>
type Version = apiextensions.v1.CustomResourceDefinitionVersion

/** All complaints in one error. */
function checkJoined(
  value: string,
  complaints: Complaints,
  prefix: string,
  where: FieldPath,
  errors: FieldError[],
): void {
  if (complaints.length > 0) errors.push(invalidValue(where, value, prefix + complaints.join(',')))
}

function validateNames(names: Names, path: FieldPath, errors: FieldError[]): void {
  const { shortNames = [], categories = [], kind = '', listKind = '' } = names
  const check = (field: 'plural' | 'singular' | 'kind' | 'listKind'): void => {
    const value = names[field] ?? ''
    const isKind = field === 'kind' || field === 'listKind'
    const complaints = value === '' ? [] : isDns1035Label(isKind ? value.toLowerCase() : value)
    const prefix = isKind ? 'may have mixed case, but should otherwise match: ' : ''
    checkJoined(value, complaints, prefix, path.child(field), errors)
  }
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) check(field)
  const checkList = (field: string, values: readonly string[]): void => {
    values.forEach((value, index) => {
      checkJoined(value, isDns1035Label(value), '', path.child(field).index(index), errors)
    })
  }
  checkList('shortNames', shortNames)
  if (kind !== '' && kind === listKind) {
    const detail = 'kind and listKind may not be the same'
    errors.push(invalidValue(path.child('listKind'), listKind, detail))
  }
  checkList('categories', categories)
}

function validateGroup(group: string, where: FieldPath, errors: FieldError[]): void {
  const complaints = isDns1123Subdomain(group)
  if (group === '') errors.push(required(where))
  else if (complaints.length > 0) checkJoined(group, complaints, '', where, errors)
  else if (!group.includes('.'))
    errors.push(invalidValue(where, group, 'should be a domain with at least one dot'))
}

const nothingShared: SharedParts = {
  schema: false,
  subresources: false,
  columns: false,
  selectableFields: false,
}

const opposite = (parts: SharedParts): SharedParts => ({
  schema: !parts.schema,
  subresources: !parts.subresources,
  columns: !parts.columns,
  selectableFields: !parts.selectableFields,
})

/** A version as upstream's own form has it, which says once, and elsewhere, what all versions share. */
function withoutShared(version: Version, shared: SharedParts): Partial<Version> {
  const { schema, subresources, additionalPrinterColumns, selectableFields, ...rest } = version
  return {
    ...rest,
    ...(shared.schema || schema === undefined ? {} : { schema }),
    ...(shared.subresources || subresources === undefined ? {} : { subresources }),
    ...(shared.columns || additionalPrinterColumns === undefined ? {} : { additionalPrinterColumns }),
    ...(shared.selectableFields || selectableFields === undefined ? {} : { selectableFields }),
  }
}

/** What each version says, but for what they share. Gives what checks the shared parts. */
function validateVersions(
  spec: Spec,
  old: Spec | undefined,
  path: FieldPath,
  errors: FieldError[],
): () => void {
  const { versions = [], preserveUnknownFields: preservesUnknown = false } = spec
  const rules = schemaRules(versions, old?.versions, preservesUnknown)
  const shared = sharedParts(versions)
  const wasFullBefore = (name: string): boolean => {
    const [now, before] = [versions, old?.versions ?? []].map((list) =>
      list.find((version) => version.name === name),
    )
    return before !== undefined && jsonEqual(now?.selectableFields, before.selectableFields)
  }
  const check = (version: Version, at: FieldPath, wants: SharedParts, schemaField: string): void => {
    const hasStatus = version.subresources?.status !== undefined
    const mayHaveManyFields = wasFullBefore(version.name)
    validateParts(version, at, { rules, wants, schemaField, hasStatus, mayHaveManyFields }, errors)
  }

  const mustHaveSchemas =
    old === undefined || (old.versions ?? []).every(({ schema }) => schema?.openAPIV3Schema !== undefined)
  versions.forEach((version, index) => {
    if (mustHaveSchemas && version.schema?.openAPIV3Schema === undefined)
      errors.push(required(path.index(index).child('schema').child('openAPIV3Schema')))
  })
  if (preservesUnknown && hasDefaults(versions)) {
    const detail = 'must be false in order to use defaults in the schema'
    errors.push(invalidValue(fieldPath('spec').child('preserveUnknownFields'), true, detail))
  }
  versions.forEach((version, index) => {
    const { name = '' } = version
    checkJoined(name, isDns1035Label(name), '', path.index(index).child('name'), errors)
    validateWarning(version, path.index(index), errors)
    check(version, path.index(index), opposite(shared), 'schema')
  })
  const shown = spec.versions?.map((version) => withoutShared(version, shared)) ?? null
  if (new Set(versions.map(({ name }) => name)).size < versions.length)
    errors.push(invalidValue(path, shown, 'must contain unique version names'))
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalidValue(path, shown, 'must have exactly one version marked as storage version'))
  // Upstream's own form says the first version's name once more.
  const first = versions[0]?.name ?? ''
  if (first !== '') checkJoined(first, isDns1035Label(first), '', fieldPath('spec').child('version'), errors)
  return () => {
    const [first] = versions
    if (first !== undefined) check(first, fieldPath('spec'), { ...nothingShared, ...shared }, 'validation')
  }
}

function validateConversion(spec: Spec, old: Spec | undefined, path: FieldPath, errors: FieldError[]): void {
  const { strategy = '', webhook } = spec.conversion ?? {}
  if (strategy !== 'None' && spec.preserveUnknownFields === true) {
    const detail = 'must be None if spec.preserveUnknownFields is true'
    errors.push(invalidValue(path.child('strategy'), strategy, detail))
  }
  checkRequiredChoice(strategy, ['None', 'Webhook'], path.child('strategy'), errors)
  const client = path.child('webhookClientConfig')
  const reviews = path.child('conversionReviewVersions')
  const versions = webhook?.conversionReviewVersions ?? []
  const detail = 'should not be set when strategy is not set to Webhook'
  if (strategy !== 'Webhook') {
    if (webhook?.clientConfig !== undefined) errors.push(fieldForbidden(client, detail))
    if (versions.length > 0) errors.push(fieldForbidden(reviews, detail))
    return
  }
  if (webhook?.clientConfig === undefined)
    errors.push(required(client, 'required when strategy is set to Webhook'))
  else validateWebhookClient(webhook.clientConfig, client, errors)
  const before = old?.conversion?.webhook?.conversionReviewVersions ?? []
  const mustKnow = before.length === 0 || knowsReviewVersion(before)
  validateReviewVersions(versions, mustKnow, '', reviews, errors)
}

function validateSpec(spec: Spec, old: Spec | undefined, path: FieldPath, errors: FieldError[]): void {
  validateGroup(spec.group ?? '', path.child('group'), errors)
  checkRequiredChoice(spec.scope, ['Cluster', 'Namespaced'], path.child('scope'), errors)
  const validateShared = validateVersions(spec, old, path.child('versions'), errors)
  const names: Names = spec.names ?? {}
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const)
    if ((names[field] ?? '') === '') errors.push(required(path.child('names').child(field)))
  validateNames(names, path.child('names'), errors)
  validateShared()
  if (spec.conversion !== undefined) validateConversion(spec, old, path.child('conversion'), errors)
}

const isEstablished = (definition: Definition): boolean =>
  (definition.status?.conditions ?? []).some(
    ({ type, status }) => type === 'Established' && status === 'True',
  )

function validateChange(
  definition: Definition,
  old: Definition,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { spec } = definition
  const names = spec?.names
  const before = old.spec
  if (isEstablished(old)) {
    validateImmutable(spec?.scope, before?.scope, path.child('scope'), errors)
    validateImmutable(names?.kind, before?.names?.kind, path.child('names').child('kind'), errors)
  }
  validateImmutable(spec?.group, before?.group, path.child('group'), errors)
  validateImmutable(names?.plural, before?.names?.plural, path.child('names').child('plural'), errors)
}

/** Every version that objects may still be stored in has to stay. */
function validateStoredVersions({ spec, status }: Definition, errors: FieldError[]): void {
  const stored = status?.storedVersions ?? []
  const path = fieldPath('status').child('storedVersions')
  const versions = spec?.versions ?? []
  if (stored.length === 0) {
    errors.push(invalidValue(path, status?.storedVersions ?? null, 'must have at least one stored version'))
    return
  }
  const seen = new Set<string>()
  for (const { name, storage } of versions) {
    if (storage && (seen.has(name) || !stored.includes(name)))
      errors.push(invalidValue(path, stored, `must have the storage version ${name}`))
    seen.add(name)
  }
  stored.forEach((version, index) => {
    if (seen.has(version)) return
    const detail = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`
    errors.push(invalidValue(path.index(index), version, detail))
  })
}

export function nameComplaints(name: string, { spec }: Definition): Complaints {
  const expected = `${spec?.names?.plural ?? ''}.${spec?.group ?? ''}`
  const own = name === expected ? [] : ['must be spec.names.plural+"."+spec.group']
  return [...isDns1123Subdomain(name), ...own]
}

/** APIs of Kubernetes' own groups have to be approved, or to say that they are not. */
function validateApproval(
  { metadata, spec }: Definition,
  old: Definition | undefined,
  errors: FieldError[],
): void {
  if (!isProtectedGroup(spec?.group ?? '')) return
  const { reason, message, annotation } = approvalOf(metadata?.annotations)
  if (old !== undefined && approvalOf(old.metadata?.annotations).reason === reason) return
  const where = fieldPath('metadata').child('annotations').key('api-approved.kubernetes.io')
  if (reason === 'InvalidAnnotation') errors.push(invalidValue(where, annotation, message))
  if (reason === 'MissingAnnotation') errors.push(required(where, message))
}

export function validateDefinition(
  definition: Definition,
  old: Definition | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const accepted = (): void => {
    const path = fieldPath('status').child('acceptedNames')
    validateNames(definition.status?.acceptedNames ?? {}, path, errors)
  }
  if (old !== undefined && context.subresource === 'status') {
    accepted()
    return errors
  }
  const path = fieldPath('spec')
  validateSpec(definition.spec ?? {}, old?.spec, path, errors)
  if (old !== undefined) validateChange(definition, old, path, errors)
  accepted()
  validateStoredVersions(definition, errors)
  validateApproval(definition, old, errors)
  if (definition.spec?.preserveUnknownFields === true && old?.spec?.preserveUnknownFields !== true) {
    const detail =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
    errors.push(invalidValue(path.child('preserveUnknownFields'), true, detail))
  }
  return errors
}
