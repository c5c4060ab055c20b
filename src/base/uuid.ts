const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export const uidBytes = 16

/** The random UUID (RFC 9562, version 4) that 16 bytes from `at` on make. */
export function uuidOf(bytes: Uint8Array, at: number): string {
  let text = ''
  for (let index = 0; index < uidBytes; index++) {
    let byte = bytes[at + index] ?? 0
    if (index === 6) byte = (byte & 0x0f) | 0x40
    if (index === 8) byte = (byte & 0x3f) | 0x80
    text += index === 4 || index === 6 || index === 8 || index === 10 ? `-${hex[byte]}` : hex[byte]
  }
  return text
}
