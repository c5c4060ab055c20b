/**
 * The order of two keys by their bytes in UTF-8. JavaScript's own compares UTF-16 units, which puts the
 * surrogates of supplementary characters below U+E000..U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const unitA = a.charCodeAt(index)
    const unitB = b.charCodeAt(index)
    if (unitA === unitB) continue
    const surrogateA = (unitA & 0xf800) === 0xd800
    const surrogateB = (unitB & 0xf800) === 0xd800
    if (surrogateA !== surrogateB) return surrogateA ? 1 : -1
    return unitA - unitB
  }
  return a.length - b.length
}
