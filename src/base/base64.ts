const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Bytes as base64 with padding (RFC 4648 §4). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  let index = 0
  for (; index + 2 < bytes.length; index += 3) {
    const bits = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0)
    text += alphabet.charAt(bits >>> 18) + alphabet.charAt((bits >>> 12) & 63)
    text += alphabet.charAt((bits >>> 6) & 63) + alphabet.charAt(bits & 63)
  }
  const left = bytes.length - index
  if (left === 0) return text
  const bits = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8)
  text += alphabet.charAt(bits >>> 18) + alphabet.charAt((bits >>> 12) & 63)
  return text + (left === 1 ? '==' : `${alphabet.charAt((bits >>> 6) & 63)}=`)
}

/** The bytes of base64, with padding or without; throws for a text that is neither. */
export function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

/** Base64 with the URL alphabet and no padding (RFC 4648 §5), as in JSON Web Tokens. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Undefined for text that is not of that alphabet. */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined
  return decodeBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
}
