import type { FieldError } from '../../../../apimachinery/field-error.ts'
import {
  fieldForbidden,
  invalidValue,
  notSupported,
  required,
} from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { validateLabelSelector } from '../../../../apimachinery/label-selector-validation.ts'
import {
  clusterTrustBundleNameComplaints,
  isKubernetesSigner,
  signerOfBundleName,
  validateSignerName,
} from '../../../certificates/signer-name.ts'
import { checkPresent } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import { validateUserAnnotations } from '../../../user-annotations.ts'
import { validateNonReservedPath } from './validate-paths.ts'
import { validateDownwardFile, validateKeyToPath } from './validate-volume-files.ts'

/** Where the files of all sources of one volume go: no two to the same place. */
class Places {
  readonly #taken = new Set<string>()
  readonly #path: FieldPath
  readonly #errors: FieldError[]
  constructor(path: FieldPath, errors: FieldError[]) {
    this.#path = path
    this.#errors = errors
  }
  take(place: string, blamed: string): void {
    if (this.#taken.has(place))
      this.#errors.push(invalidValue(this.#path, blamed, 'conflicting duplicate paths'))
    else this.#taken.add(place)
  }
}

interface Projection {
  readonly volumePath: FieldPath
  readonly path: FieldPath
  readonly places: Places
  readonly errors: FieldError[]
}

function validateNamed(
  source: core.v1.SecretProjection | core.v1.ConfigMapProjection,
  { path, places, errors }: Projection,
): void {
  checkPresent(source.name, path, 'name', errors)
  source.items?.forEach((item, index) => {
    validateKeyToPath(item, path.child('items').index(index), errors)
    if ((item.path ?? '') !== '') places.take(item.path, source.name ?? '')
  })
}

const minTokenSeconds = 600
const maxTokenSeconds = 2 ** 32

function validateToken(
  token: core.v1.ServiceAccountTokenProjection,
  { path, volumePath, errors }: Projection,
): void {
  const seconds = token.expirationSeconds ?? 0
  const where = path.child('expirationSeconds')
  if (seconds < minTokenSeconds)
    errors.push(invalidValue(where, seconds, 'may not specify a duration less than 10 minutes'))
  if (seconds > maxTokenSeconds)
    errors.push(invalidValue(where, seconds, 'may not specify a duration larger than 2^32 seconds'))
  if ((token.path ?? '') === '') errors.push(required(volumePath.child('path')))
  else validateNonReservedPath(token.path, volumePath.child('path'), errors)
}

function validateBundleName(
  bundle: core.v1.ClusterTrustBundleProjection,
  name: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (name === '') errors.push(required(path.child('name'), 'must be a valid object name'))
  for (const complaint of clusterTrustBundleNameComplaints(signerOfBundleName(name) ?? '', name)) {
    const detail = `not a valid clustertrustbundlename: ${complaint}`
    errors.push(invalidValue(path.child('name'), name, detail))
  }
  if (bundle.labelSelector !== undefined) {
    const detail = 'labelSelector must be unset if name is specified'
    errors.push(invalidValue(path.child('labelSelector'), bundle.labelSelector, detail))
  }
}

function validateBundle(bundle: core.v1.ClusterTrustBundleProjection, projection: Projection): void {
  const { path, places, errors } = projection
  const { name, signerName } = bundle
  if (name !== undefined && signerName !== undefined)
    errors.push(invalidValue(path, bundle, 'only one of name and signerName may be used'))
  else if (name !== undefined) validateBundleName(bundle, name, path, errors)
  else if (signerName !== undefined) {
    const where = path.child('signerName')
    if (signerName === '') errors.push(required(where, 'must be a valid signer name'))
    validateSignerName(signerName, where, errors)
    validateLabelSelector(bundle.labelSelector, path.child('labelSelector'), errors)
  } else errors.push(required(path, 'either name or signerName must be specified'))
  checkPresent(bundle.path, path, 'path', errors)
  validateNonReservedPath(bundle.path ?? '', path.child('path'), errors)
  places.take(bundle.path ?? '', bundle.path ?? '')
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519']
const minCertificateSeconds = 3600
const maxCertificateSeconds = 91 * 86_400
const maxKubernetesCertificateSeconds = 86_400

function validateLifetime(
  certificate: core.v1.PodCertificateProjection,
  path: FieldPath,
  errors: FieldError[],
): void {
  const seconds = certificate.maxExpirationSeconds
  if (seconds === undefined) return
  const where = path.child('maxExpirationSeconds')
  const max = isKubernetesSigner(certificate.signerName)
    ? maxKubernetesCertificateSeconds
    : maxCertificateSeconds
  if (seconds < minCertificateSeconds) {
    const detail = `if provided, maxExpirationSeconds must be >= ${minCertificateSeconds}`
    errors.push(invalidValue(where, seconds, detail))
  }
  if (seconds > max)
    errors.push(invalidValue(where, seconds, `if provided, maxExpirationSeconds must be <= ${max}`))
}

function validateCertificate(
  certificate: core.v1.PodCertificateProjection,
  { path, places, errors }: Projection,
): void {
  validateSignerName(certificate.signerName ?? '', path.child('signerName'), errors)
  if (certificate.userAnnotations !== undefined)
    validateUserAnnotations(certificate.userAnnotations, path.child('userAnnotations'), errors)
  if (!keyTypes.includes(certificate.keyType))
    errors.push(notSupported(path.child('keyType'), certificate.keyType ?? '', keyTypes))
  validateLifetime(certificate, path, errors)
  let files = 0
  for (const field of ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const) {
    const place = certificate[field] ?? ''
    if (place === '') continue
    files++
    validateNonReservedPath(place, path.child(field), errors)
    places.take(place, place)
  }
  if (files === 0) {
    const detail = 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'
    errors.push(required(path, detail))
  }
}

function validateProjection(source: core.v1.VolumeProjection, at: Projection): number {
  const below = (name: string): Projection => ({ ...at, path: at.path.child(name) })
  let sources = 0
  if (source.secret !== undefined && ++sources > 0) validateNamed(source.secret, below('secret'))
  if (source.configMap !== undefined && ++sources > 0) validateNamed(source.configMap, below('configMap'))
  if (source.downwardAPI !== undefined && ++sources > 0) {
    for (const file of source.downwardAPI.items ?? []) {
      validateDownwardFile(file, at.path.child('downwardAPI'), at.errors)
      if ((file.path ?? '') !== '') at.places.take(file.path, file.path)
    }
  }
  if (source.serviceAccountToken !== undefined && ++sources > 0)
    validateToken(source.serviceAccountToken, below('serviceAccountToken'))
  if (source.clusterTrustBundle !== undefined && ++sources > 0)
    validateBundle(source.clusterTrustBundle, below('clusterTrustBundle'))
  if (source.podCertificate !== undefined && ++sources > 0)
    validateCertificate(source.podCertificate, below('podCertificate'))
  return sources
}

/** The sources of a projected volume; `path` is the volume source's. */
export function validateProjections(
  sources: readonly core.v1.VolumeProjection[],
  path: FieldPath,
  errors: FieldError[],
): void {
  const places = new Places(path, errors)
  sources.forEach((source, index) => {
    const where = path.child('sources').index(index)
    if (validateProjection(source, { volumePath: path, path: where, places, errors }) > 1)
      errors.push(fieldForbidden(where, 'may not specify more than 1 volume type per source'))
  })
}
