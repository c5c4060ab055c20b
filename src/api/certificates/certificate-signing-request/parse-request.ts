import { decodeBase64 } from '../../../base/base64.ts'
import { type CertificateRequest, readCertificateRequest } from '../../../base/certificate-request.ts'
import { pemBlocks } from '../../../base/pem.ts'

/** What `spec.request` asks for, or why it is no request; signatures are not looked at. */
export function parseRequest(base64: string): CertificateRequest | { readonly error: string } {
  const [block] = pemBlocks(new TextDecoder().decode(decodeBase64(base64)))
  if (block?.type !== 'CERTIFICATE REQUEST') return { error: 'PEM block type must be CERTIFICATE REQUEST' }
  try {
    return readCertificateRequest(block.bytes)
  } catch (error) {
    if (error instanceof RangeError) return { error: `asn1: structure error: ${error.message}` }
    throw error
  }
}
