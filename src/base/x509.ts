import { contextTag, DerNode, derTags } from './der.ts'

/** What a certificate says, as far as others than its verifier ask (RFC 5280). */
export interface Certificate {
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** Absent: it has no basic constraints. */
  readonly isAuthority: boolean | undefined
  /** Its SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  readonly dnsNames: readonly string[]
  readonly emailAddresses: readonly string[]
}

const basicConstraints = '2.5.29.19'
export const subjectAlternativeNames = '2.5.29.17'
const tagged = (node: DerNode | undefined, tag: number): DerNode | undefined =>
  node?.tag === tag ? node : undefined

/** Throws RangeError where there is none. */
export function part(nodes: readonly DerNode[], index: number): DerNode {
  const node = nodes[index]
  if (node === undefined) throw new RangeError('a part of the structure is missing')
  return node
}

/** Values of extensions by their object identifiers; of `[flags]` only the octets count. */
export function extensionValues(list: readonly DerNode[]): ReadonlyMap<string, DerNode> {
  const found = new Map<string, DerNode>()
  for (const extension of list) {
    const fields = extension.children
    const value = fields.at(-1)
    if (value !== undefined) found.set(part(fields, 0).objectIdentifier, DerNode.read(value.contents))
  }
  return found
}

/** Of GeneralNames those of a kind: 1 email, 2 DNS, 6 URI. */
export const namesOf = (names: DerNode | undefined, kind: number): readonly string[] =>
  (names?.children ?? []).filter(({ tag }) => tag === contextTag(kind, false)).map(({ text }) => text)

/** Reads a certificate. Throws RangeError for bytes that are none; signatures are not looked at. */
export function readCertificate(bytes: Uint8Array): Certificate {
  const whole = DerNode.read(bytes)
  if (whole.tag !== derTags.sequence || whole.bytes.length !== bytes.length)
    throw new RangeError('not a certificate')
  const fields = part(whole.children, 0).children
  const first = tagged(fields[0], contextTag(0, true)) === undefined ? 0 : 1
  const validity = part(fields, first + 3).children
  const list = fields.find(({ tag }) => tag === contextTag(3, true))
  const extensions = extensionValues(list === undefined ? [] : part(list.children, 0).children)
  const constraints = extensions.get(basicConstraints)
  const names = extensions.get(subjectAlternativeNames)
  const flag = constraints?.children[0]
  const isAuthority = flag?.tag === derTags.boolean && flag.contents[0] !== 0
  return {
    notBeforeMs: part(validity, 0).timeMs,
    notAfterMs: part(validity, 1).timeMs,
    isAuthority: constraints === undefined ? undefined : isAuthority,
    publicKey: part(fields, first + 5).bytes,
    dnsNames: namesOf(names, 2),
    emailAddresses: namesOf(names, 1),
  }
}

/** The kind of key in a SubjectPublicKeyInfo: an RSA modulus's bits, or a curve's object identifier. */
export type PublicKeyFacts =
  | { readonly type: 'ed25519' }
  | { readonly type: 'ecdsa'; readonly curve: string }
  | { readonly type: 'rsa'; readonly bits: number }
  | { readonly type: 'unknown' }

const keyTypes = { rsa: '1.2.840.113549.1.1.1', ecdsa: '1.2.840.10045.2.1', ed25519: '1.3.101.112' }

/** Throws RangeError for bytes that are no SubjectPublicKeyInfo. */
export function publicKeyFacts(bytes: Uint8Array): PublicKeyFacts {
  const [algorithm, key] = DerNode.read(bytes).children
  if (algorithm === undefined || key?.tag !== derTags.bitString) throw new RangeError('not a public key')
  const fields = algorithm.children
  const type = part(fields, 0).objectIdentifier
  if (type === keyTypes.ed25519) return { type: 'ed25519' }
  if (type === keyTypes.ecdsa) return { type: 'ecdsa', curve: part(fields, 1).objectIdentifier }
  if (type !== keyTypes.rsa) return { type: 'unknown' }
  // The bit string starts with how many of its last bits are unused; a modulus has a zero before its first bit.
  const modulus = part(DerNode.read(key.contents.subarray(1)).children, 0).contents
  return { type: 'rsa', bits: (modulus[0] === 0 ? modulus.length - 1 : modulus.length) * 8 }
}
