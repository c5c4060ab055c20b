/** Strings as CEL counts them: in code points, where JavaScript has UTF-16. */
const beyondOneUnit = /[\ud800-\udbff][\udc00-\udfff]/

/** Whether indices of code points and of code units differ. */
export const hasPairs = (text: string): boolean => beyondOneUnit.test(text)

export function codePointLength(text: string): number {
  let length = text.length
  for (let index = 0; index < text.length - 1; index++) {
    const code = text.charCodeAt(index)
    if (code < 0xd800 || code > 0xdbff) continue
    const next = text.charCodeAt(index + 1)
    if (next >= 0xdc00 && next <= 0xdfff) {
      length--
      index++
    }
  }
  return length
}

/** By code points, as Go orders the bytes of UTF-8. */
export function compareText(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0
  const shortest = Math.min(a.length, b.length)
  for (let index = 0; index < shortest; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) return unitOrder(left) < unitOrder(right) ? -1 : 1
  }
  return a.length < b.length ? -1 : 1
}

/** Surrogates stand for code points above all single units. */
const unitOrder = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)

export const encodeText = (text: string): Uint8Array => new TextEncoder().encode(text)

/** undefined if the bytes are no UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
