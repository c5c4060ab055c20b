import type { Host } from './host.ts'

const blockBytes = 64

const xored = (key: Uint8Array, pad: number): Uint8Array => key.map((byte) => byte ^ pad)

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}

/** HMAC-SHA-256 (RFC 2104). */
export function hmacSha256(host: Pick<Host, 'sha256'>, key: Uint8Array, data: Uint8Array): Uint8Array {
  const block = new Uint8Array(blockBytes)
  block.set(key.length > blockBytes ? host.sha256(key) : key)
  return host.sha256(joined(xored(block, 0x5c), host.sha256(joined(xored(block, 0x36), data))))
}
