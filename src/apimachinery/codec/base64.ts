const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const plain = /^[A-Za-z0-9+/]*$/

/**
 * The index at which Go's decoder gives up on a text without line breaks (`illegal base64 data at input
 * byte N`); undefined if it is well-formed, with padding.
 */
function illegalByte(text: string): number | undefined {
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    if (plain.test(character)) continue
    const place = index % 4
    if (character !== '=' || place < 2) return index
    if (place === 2) {
      if (index + 1 >= text.length) return text.length
      if (text.charAt(index + 1) !== '=') return index
      return index + 2 < text.length ? index + 2 : undefined
    }
    return index + 1 < text.length ? index + 1 : undefined
  }
  return text.length % 4 === 0 ? undefined : text.length - (text.length % 4)
}

/** As the server stores it (no line breaks, no stray bits), or where it is wrong. */
export function canonicalBase64(text: string): string | { readonly illegalByte: number } {
  const compact = /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]/g, '') : text
  const padding = compact.endsWith('==') ? 2 : compact.endsWith('=') ? 1 : 0
  const body = padding === 0 ? compact : compact.slice(0, -padding)
  if (compact.length % 4 !== 0 || !plain.test(body))
    return { illegalByte: illegalByte(compact) ?? compact.length }
  if (padding === 0) return compact
  const last = alphabet.indexOf(body.charAt(body.length - 1))
  const stray = padding === 2 ? last & 0xf : last & 0x3
  if (stray === 0) return compact
  return body.slice(0, -1) + alphabet.charAt(last - stray) + '='.repeat(padding)
}
