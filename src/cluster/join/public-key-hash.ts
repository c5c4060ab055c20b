import { createHash, type X509Certificate } from 'node:crypto'

const form = /^sha256:([0-9a-f]{64})$/

/** `sha256:<hex>` of a certificate's public key (SubjectPublicKeyInfo, DER). */
export function publicKeyHash(certificate: X509Certificate): string {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}

/** In the form that `publicKeyHash` has. Throws for anything else, with kubeadm's texts. */
export function readPublicKeyHash(text: string): string {
  const [format = '', value = '', ...rest] = text.toLowerCase().split(':')
  if (value === '' || rest.length > 0)
    throw new Error('invalid hash, expected "format:hex-value". Known format(s) are: sha256')
  if (format !== 'sha256') throw new Error(`unknown hash format "${format}". Known format(s) are: sha256`)
  if (!form.test(text.toLowerCase()))
    throw new Error(`invalid hash "${text}", expected a 32 byte SHA-256 hash in hexadecimal digits`)
  return text.toLowerCase()
}
