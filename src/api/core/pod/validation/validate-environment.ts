import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { fieldNotFound, invalidValue, notSupported, required } from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import {
  isConfigMapKey,
  isEnvironmentVariableName,
  isQualifiedName,
} from '../../../../apimachinery/label-syntax.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../../../apimachinery/names.ts'
import { compareQuantities } from '../../../../apimachinery/quantity.ts'
import { checkRequiredText, checkText } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import { validateNoBacksteps } from './validate-paths.ts'

const environmentFields: readonly string[] = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

export const volumeFields: readonly string[] = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]

/** What a field reference may name in some place. */
const downwardFields = new Set([
  ...environmentFields,
  ...volumeFields,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
])

const subscripted = /^(.*)\['([^']*)'\]$/

/** `supported` are the fields that this place offers; a subscripted label or annotation is fine everywhere. */
export function validateFieldReference(
  reference: core.v1.ObjectFieldSelector,
  supported: readonly string[],
  path: FieldPath,
  errors: FieldError[],
): void {
  if ((reference.apiVersion ?? '') === '') {
    errors.push(required(path.child('apiVersion')))
    return
  }
  const fieldPath = reference.fieldPath ?? ''
  const refuse = (why: string): void => {
    errors.push(invalidValue(path.child('fieldPath'), fieldPath, `error converting fieldPath: ${why}`))
  }
  if (fieldPath === '') errors.push(required(path.child('fieldPath')))
  else if (reference.apiVersion !== 'v1') refuse(`unsupported pod version: ${reference.apiVersion}`)
  else {
    const subscript = subscripted.exec(fieldPath)
    if (subscript !== null) {
      const [, base, key = ''] = subscript
      if (base === 'metadata.annotations') checkText(key.toLowerCase(), isQualifiedName, path, errors)
      else if (base === 'metadata.labels') checkText(key, isQualifiedName, path, errors)
      else refuse(`field label does not support subscript: ${fieldPath}`)
    } else if (!downwardFields.has(fieldPath)) refuse(`field label not supported: ${fieldPath}`)
    else if (!supported.includes(fieldPath))
      errors.push(notSupported(path.child('fieldPath'), fieldPath, supported))
  }
}

const resourceFields: readonly string[] = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]

const sizeDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

const isHugePagesField = (resource: string): boolean =>
  resource.startsWith('requests.hugepages-') || resource.startsWith('limits.hugepages-')

function validateDivisor(
  reference: core.v1.ResourceFieldSelector,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { resource, divisor } = reference
  if (divisor === undefined || compareQuantities(divisor, '0') === 0) return
  const refuse = (values: string, what: string): void => {
    const detail = `only divisor's values ${values} are supported with the ${what} resource`
    errors.push(invalidValue(path.child('divisor'), resource, detail))
  }
  if (resource === 'limits.cpu' || resource === 'requests.cpu') {
    if (divisor !== '1m' && divisor !== '1') refuse('1m and 1', 'cpu')
    return
  }
  if (sizeDivisors.includes(divisor)) return
  if (isHugePagesField(resource)) refuse(sizeDivisors.join(', '), 'hugepages')
  else if (resource.endsWith('.memory')) refuse(sizeDivisors.join(', '), 'memory')
  else if (resource.endsWith('.ephemeral-storage')) refuse(sizeDivisors.join(', '), 'local ephemeral storage')
}

/** In a volume the container must be named; in an environment it is the one that the variable is of. */
export function validateResourceReference(
  reference: core.v1.ResourceFieldSelector,
  path: FieldPath,
  needsContainer: boolean,
  errors: FieldError[],
): void {
  const resource = reference.resource ?? ''
  if (needsContainer && (reference.containerName ?? '') === '')
    errors.push(required(path.child('containerName')))
  else if (resource === '') errors.push(required(path.child('resource')))
  else if (!resourceFields.includes(resource) && !isHugePagesField(resource))
    errors.push(notSupported(path.child('resource'), resource, resourceFields))
  validateDivisor(reference, path, errors)
}

function validateKeyReference(
  reference: core.v1.ConfigMapKeySelector | core.v1.SecretKeySelector,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkText(reference.name ?? '', isDns1123Subdomain, path.child('name'), errors)
  checkRequiredText(reference.key, isConfigMapKey, path.child('key'), errors)
}

function validateFileReference(
  reference: core.v1.FileKeySelector,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkRequiredText(reference.key, isEnvironmentVariableName, path.child('key'), errors)
  checkRequiredText(reference.volumeName, isDns1123Label, path.child('volumeName'), errors)
  if ((reference.path ?? '') === '') errors.push(required(path.child('path')))
  else validateNoBacksteps(reference.path, path.child('path'), errors)
}

function validateSource(variable: core.v1.EnvVar, path: FieldPath, errors: FieldError[]): void {
  const from = variable.valueFrom
  if (from === undefined) return
  let sources = 0
  if (from.fieldRef !== undefined) {
    sources++
    validateFieldReference(from.fieldRef, environmentFields, path.child('fieldRef'), errors)
  }
  if (from.resourceFieldRef !== undefined) {
    sources++
    validateResourceReference(from.resourceFieldRef, path.child('resourceFieldRef'), false, errors)
  }
  if (from.configMapKeyRef !== undefined) {
    sources++
    validateKeyReference(from.configMapKeyRef, path.child('configMapKeyRef'), errors)
  }
  if (from.secretKeyRef !== undefined) {
    sources++
    validateKeyReference(from.secretKeyRef, path.child('secretKeyRef'), errors)
  }
  if (from.fileKeyRef !== undefined) {
    sources++
    validateFileReference(from.fileKeyRef, path.child('fileKeyRef'), errors)
  }
  if (sources === 0) {
    const detail =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
    errors.push(invalidValue(path, '', detail))
  } else if ((variable.value ?? '') !== '')
    errors.push(invalidValue(path, '', 'may not be specified when `value` is not empty'))
  else if (sources > 1)
    errors.push(invalidValue(path, '', 'may not have more than one field specified at a time'))
}

const quickName = /^[A-Za-z_][A-Za-z0-9_]*$/

export function validateEnvironment(
  variables: readonly core.v1.EnvVar[],
  path: FieldPath,
  errors: FieldError[],
): void {
  for (let index = 0; index < variables.length; index++) {
    const variable = variables[index]
    if (variable === undefined) continue
    if (variable.valueFrom === undefined && quickName.test(variable.name)) continue
    const where = path.index(index)
    checkRequiredText(variable.name, isEnvironmentVariableName, where.child('name'), errors)
    validateSource(variable, where.child('valueFrom'), errors)
  }
}

/** A whole ConfigMap or Secret as variables. Upstream reports their number at the list. */
export function validateEnvironmentFrom(
  sources: readonly core.v1.EnvFromSource[],
  path: FieldPath,
  errors: FieldError[],
): void {
  sources.forEach((source, index) => {
    const where = path.index(index)
    if ((source.prefix ?? '') !== '')
      checkText(source.prefix ?? '', isEnvironmentVariableName, where.child('prefix'), errors)
    const { configMapRef, secretRef } = source
    if (configMapRef !== undefined)
      checkRequiredText(configMapRef.name, isDns1123Subdomain, where.child('configMapRef.name'), errors)
    if (secretRef !== undefined)
      checkRequiredText(secretRef.name, isDns1123Subdomain, where.child('secretRef.name'), errors)
    if (configMapRef === undefined && secretRef === undefined)
      errors.push(invalidValue(path, '', 'must specify one of: `configMapRef` or `secretRef`'))
    else if (configMapRef !== undefined && secretRef !== undefined)
      errors.push(invalidValue(path, '', 'may not have more than one field specified at a time'))
  })
}

/** Files of variables live in emptyDir volumes of the same pod. */
export function validateFileReferenceVolumes(
  containers: readonly core.v1.Container[],
  volumes: readonly core.v1.Volume[],
  path: FieldPath,
  errors: FieldError[],
): void {
  containers.forEach((container, index) => {
    container.env?.forEach((variable, at) => {
      const reference = variable.valueFrom?.fileKeyRef
      if (reference === undefined) return
      const where = path.index(index).child('env').index(at).child('valueFrom.fileKeyRef.volumeName')
      const volume = volumes.find((candidate) => candidate.name === reference.volumeName)
      if (volume === undefined) errors.push(fieldNotFound(where, reference.volumeName))
      else if (volume.emptyDir === undefined)
        errors.push(invalidValue(where, reference.volumeName, 'referenced volume must be of type emptyDir'))
    })
  })
}
