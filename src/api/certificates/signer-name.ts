import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, required, tooLong } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import {
  type Complaints,
  isDns1123Label,
  isDns1123Subdomain,
  maxLabelBytes,
  maxSubdomainBytes,
} from '../../apimachinery/names.ts'
import { utf8Length } from '../../apimachinery/utf8-length.ts'

const maxSignerBytes = maxSubdomainBytes + maxSubdomainBytes + maxLabelBytes + 2

/** Only the first bad part is worth telling. */
function validateParts(
  part: string,
  complaintsOf: (value: string) => Complaints,
  path: FieldPath,
  errors: FieldError[],
): void {
  for (const label of part.split('.')) {
    const complaints = complaintsOf(label)
    for (const complaint of complaints)
      errors.push(invalidValue(path, part, `validating label ${goQuote(label)}: ${complaint}`))
    if (complaints.length > 0) return
  }
}

/** Who signs certificates: `example.com/signer-name`. */
export function validateSignerName(signer: string, path: FieldPath, errors: FieldError[]): void {
  if (signer === '') {
    errors.push(required(path))
    return
  }
  const [domain = '', name, ...more] = signer.split('/')
  if (name === undefined || more.length > 0) {
    const detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    errors.push(invalidValue(path, signer, detail))
    return
  }
  if (utf8Length(domain) > maxSubdomainBytes) errors.push(tooLong(path, maxSubdomainBytes))
  validateParts(domain, isDns1123Label, path, errors)
  if (!domain.includes('.')) {
    const detail = 'should be a domain with at least two segments separated by dots'
    errors.push(invalidValue(path, domain, detail))
  }
  validateParts(name, isDns1123Subdomain, path, errors)
  if (utf8Length(signer) > maxSignerBytes) errors.push(tooLong(path, maxSignerBytes))
}

/** Signers that Kubernetes reserves. */
export function isKubernetesSigner(signer: string | undefined): boolean {
  const domain = (signer ?? '').split('/')[0] ?? ''
  return domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io')
}

/** A bundle's name starts with its signer's, with `:` for `/`. */
export function signerOfBundleName(name: string): string | undefined {
  const colon = name.lastIndexOf(':')
  return colon < 0 ? undefined : name.slice(0, colon).replaceAll(':', '/')
}

export function clusterTrustBundleNameComplaints(signer: string, name: string): Complaints {
  if (signer === '') {
    return name.includes(':')
      ? ['ClusterTrustBundle without signer name must not have ":" in its name']
      : isDns1123Subdomain(name)
  }
  const prefix = `${signer.replaceAll('/', ':')}:`
  return name.startsWith(prefix)
    ? isDns1123Subdomain(name.slice(prefix.length))
    : [`ClusterTrustBundle for signerName ${signer} must be named with prefix ${prefix}`]
}
