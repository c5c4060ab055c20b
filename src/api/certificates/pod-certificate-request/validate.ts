import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidField, invalidValue, required, tooLong } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { decodeBase64 } from '../../../base/base64.ts'
import { readCertificateRequest } from '../../../base/certificate-request.ts'
import type { Signed, VerifySignature } from '../../../base/signature.ts'
import { publicKeyFacts } from '../../../base/x509.ts'
import { checkText } from '../../checks.ts'
import type { certificates } from '../../generated/types/index.ts'
import { validateUserAnnotations } from '../../user-annotations.ts'
import { isKubernetesSigner, validateSignerName } from '../signer-name.ts'

type Spec = Partial<certificates.v1beta1.PodCertificateRequestSpec>

const path = fieldPath('spec')
const maxUidBytes = 128
const maxDataBytes = 10 * 1024
const minSeconds = 3600
const maxSeconds = 91 * 24 * 3600
const maxKubernetesSeconds = 24 * 3600
const rsaBits: readonly number[] = [3072, 4096]
/** P-256, P-384 and P-521. */
const curves: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
  ['1.3.132.0.35', 'P-521'],
  ['1.3.132.0.33', 'P-224'],
])

function validateUid(uid: string, where: FieldPath, errors: FieldError[]): void {
  if (uid === '') errors.push(invalidValue(where, uid, 'must not be empty'))
  if (utf8Length(uid) > maxUidBytes) errors.push(tooLong(where, maxUidBytes))
}

function validateKey(key: Uint8Array, where: FieldPath, errors: FieldError[]): void {
  const facts = publicKeyFacts(key)
  if (facts.type === 'rsa' && !rsaBits.includes(facts.bits)) {
    const detail = 'RSA keys must have modulus size 3072 or 4096'
    errors.push(invalidValue(where, `${facts.bits}-bit modulus`, detail))
  }
  const curve = facts.type === 'ecdsa' ? curves.get(facts.curve) : 'P-256'
  if (curve === undefined || curve === 'P-224') {
    const detail = 'elliptic public keys must use curve P256, P384, or P521'
    errors.push(invalidValue(where, `curve ${curve ?? ''}`, detail))
  }
  if (facts.type === 'unknown') {
    const detail = 'unknown public key type; supported types are Ed25519, ECDSA, and RSA'
    errors.push(invalidField(where, detail))
  }
}

const schemes = { rsa: 'rsa-pss', ecdsa: 'ecdsa', ed25519: 'ed25519' } as const

/** A request signed with the key that it is for. */
function validateStub(stub: string, verify: VerifySignature | undefined, errors: FieldError[]): void {
  const where = path.child('stubPKCS10Request')
  const bytes = readWithin(stub, where, errors)
  if (bytes === undefined) return
  const before = errors.length
  try {
    const { publicKey, signed } = readCertificateRequest(bytes)
    validateKey(publicKey, where, errors)
    const isSigned = verify === undefined || (typeof signed !== 'string' && verify(signed))
    if (errors.length === before && !isSigned) errors.push(invalidField(where, 'invalid signature'))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    errors.push(invalidField(where, 'must be a valid PKCS#10 CSR'))
  }
}

/** A key, and the pod's UID signed with it. */
function validateProof(
  { pkixPublicKey = '', proofOfPossession = '', podUID = '' }: Spec,
  verify: VerifySignature | undefined,
  errors: FieldError[],
): void {
  const where = path.child('pkixPublicKey')
  const publicKey = readWithin(pkixPublicKey, where, errors)
  const proof = path.child('proofOfPossession')
  const signature = publicKey === undefined ? undefined : readWithin(proofOfPossession, proof, errors)
  if (publicKey === undefined || signature === undefined) return
  const before = errors.length
  try {
    validateKey(publicKey, where, errors)
    const { type } = publicKeyFacts(publicKey)
    if (errors.length > before || type === 'unknown' || verify === undefined) return
    const data = new TextEncoder().encode(podUID)
    const signed: Signed = { publicKey, scheme: schemes[type], hash: 'sha256', data, signature }
    if (!verify(signed)) errors.push(invalidField(proof, 'could not verify proof-of-possession signature'))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    errors.push(invalidValue(where, pkixPublicKey, 'must be a valid PKIX-serialized public key'))
  }
}

/** Undefined, with an error, for what is too long. */
function readWithin(base64: string, where: FieldPath, errors: FieldError[]): Uint8Array | undefined {
  const bytes = decodeBase64(base64)
  if (bytes.length <= maxDataBytes) return bytes
  errors.push(tooLong(where, maxDataBytes))
  return undefined
}

function validateRequest(spec: Spec, verify: VerifySignature | undefined, errors: FieldError[]): void {
  const { stubPKCS10Request: stub = '', pkixPublicKey: key = '', proofOfPossession: proof = '' } = spec
  if (stub !== '' && key === '' && proof === '') validateStub(stub, verify, errors)
  else if (stub === '' && key !== '' && proof !== '') validateProof(spec, verify, errors)
  else {
    const detail = 'exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set'
    errors.push(invalidField(path, detail))
  }
}

/** What a kubelet asks for on a pod's behalf; it never changes. */
export function validatePodCertificateSpec(
  spec: Spec,
  verify: VerifySignature | undefined,
  errors: FieldError[],
): void {
  const { signerName = '', maxExpirationSeconds: seconds } = spec
  validateSignerName(signerName, path.child('signerName'), errors)
  if (spec.unverifiedUserAnnotations !== undefined) {
    const where = path.child('unverifiedUserAnnotations')
    validateUserAnnotations(spec.unverifiedUserAnnotations, where, errors)
  }
  checkText(spec.podName ?? '', isDns1123Subdomain, path.child('podName'), errors)
  validateUid(spec.podUID ?? '', path.child('podUID'), errors)
  checkText(spec.serviceAccountName ?? '', isDns1123Subdomain, path.child('serviceAccountName'), errors)
  validateUid(spec.serviceAccountUID ?? '', path.child('serviceAccountUID'), errors)
  checkText(spec.nodeName ?? '', isDns1123Subdomain, path.child('nodeName'), errors)
  validateUid(spec.nodeUID ?? '', path.child('nodeUID'), errors)
  const where = path.child('maxExpirationSeconds')
  if (seconds === undefined) {
    errors.push(required(where, 'must be set'))
    return
  }
  const most = isKubernetesSigner(signerName) ? maxKubernetesSeconds : maxSeconds
  if (seconds < minSeconds || seconds > most)
    errors.push(invalidValue(where, seconds, `must be in the range [${minSeconds}, ${most}]`))
  validateRequest(spec, verify, errors)
}
