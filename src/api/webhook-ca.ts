import { decodeBase64 } from '../base/base64.ts'

const block = /-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END CERTIFICATE-----/
const derSequence = 0x30

/** Whether the base64 text of a webhook's `caBundle` holds a certificate in PEM. */
export function isCaBundle(bundle: string): boolean {
  try {
    const [, body] = block.exec(new TextDecoder().decode(decodeBase64(bundle))) ?? []
    return body !== undefined && decodeBase64(body.replace(/\s/g, ''))[0] === derSequence
  } catch {
    return false // no base64 at all
  }
}
