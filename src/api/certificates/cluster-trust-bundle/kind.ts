import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, tooLong } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { type PemBlock, pemBlocks } from '../../../base/pem.ts'
import { readCertificate } from '../../../base/x509.ts'
import { nameColumn } from '../../columns.ts'
import type { certificates } from '../../generated/types/index.ts'
import { kindUnderVersion } from '../../in-version.ts'
import { clusterTrustBundleNameComplaints, validateSignerName } from '../signer-name.ts'

type Bundle = certificates.v1beta1.ClusterTrustBundle

const maxBundleBytes = 2 ** 20
const path = fieldPath('spec')

function blockComplaint({ type, hasHeaders, bytes }: PemBlock): string | undefined {
  if (type !== 'CERTIFICATE') return `has bad block type: ${type}`
  if (hasHeaders) return 'has PEM block headers'
  try {
    return readCertificate(bytes).isAuthority === true ? undefined : 'does not have the CA bit set'
  } catch (error) {
    if (error instanceof RangeError) return 'does not parse as X.509'
    throw error
  }
}

function validateBundle(text: string, where: FieldPath, errors: FieldError[]): void {
  if (utf8Length(text) > maxBundleBytes) {
    errors.push(tooLong(where, maxBundleBytes))
    return
  }
  const refuse = (detail: string): void => {
    errors.push(invalidValue(where, '<value omitted>', detail))
  }
  const before = errors.length
  const anchors = new Map<string, number[]>()
  pemBlocks(text).forEach((block, index) => {
    const complaint = blockComplaint(block)
    if (complaint !== undefined) {
      refuse(`entry ${index} ${complaint}`)
      return
    }
    const key = block.bytes.join()
    anchors.set(key, [...(anchors.get(key) ?? []), index])
  })
  if (errors.length > before) return
  if (anchors.size === 0) refuse('at least one trust anchor must be provided')
  for (const indices of anchors.values())
    if (indices.length > 1) refuse(`duplicate trust anchor (indices [${indices.join(' ')}])`)
}

function validate(bundle: Bundle, old: Bundle | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  const { signerName = '', trustBundle = '' } = bundle.spec ?? {}
  if (old !== undefined) {
    const name = bundle.metadata?.name ?? ''
    for (const complaint of clusterTrustBundleNameComplaints(signerName, name))
      errors.push(invalidValue('metadata.name', name, complaint))
  }
  if (signerName !== '') validateSignerName(signerName, path.child('signerName'), errors)
  if (old === undefined || trustBundle !== (old.spec?.trustBundle ?? ''))
    validateBundle(trustBundle, path.child('trustBundle'), errors)
  if (old !== undefined)
    validateImmutable(signerName, old.spec?.signerName ?? '', path.child('signerName'), errors)
  return errors
}

/** Certificates of authorities, for everybody to read. */
export const ClusterTrustBundle = defineKind<Bundle>({
  group: 'certificates.k8s.io',
  version: 'v1beta1',
  kind: 'ClusterTrustBundle',
  resource: 'clustertrustbundles',
  namespaced: false,
  schema: 'io.k8s.api.certificates.v1beta1.ClusterTrustBundle',
  changedMetadata: ['whole', 'change'],
  featureGate: 'ClusterTrustBundle',
  nameRule: 'path-segment',
  nameComplaints: (name, { spec }) => clusterTrustBundleNameComplaints(spec?.signerName ?? '', name),
  allowUnconditionalUpdate: false,
  validate,
  selectableFields: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
  columns: [
    nameColumn,
    {
      name: 'SignerName',
      type: 'string',
      value: ({ spec }) => ((spec?.signerName ?? '') === '' ? '<none>' : (spec?.signerName ?? '')),
    },
  ],
})

export const ClusterTrustBundleV1Alpha1 = kindUnderVersion(ClusterTrustBundle, {
  version: 'v1alpha1',
  schema: 'io.k8s.api.certificates.v1alpha1.ClusterTrustBundle',
  deprecated: { since: '1.34', removed: '1.37' },
})
