/** Of all warnings together, in characters; upstream's `truncateAtTotalRunes` and `truncateItemRunes`. */
const maxTotalLength = 4 * 1024
const truncatedLength = 256

const quote = (text: string): string =>
  `299 - "${text
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')}"`

/** Header values are bytes, one for each character: those of UTF-8, as Go sends them. */
const onWire = (text: string): string => Buffer.from(text).toString('latin1')

/** Header values of RFC 7234 §5.5 (`299 - "text"`). Too long ones are cut, and when all together are too long, all of them and then some dropped. */
export function warningHeaders(texts: readonly string[]): readonly string[] {
  const total = texts.reduce((sum, text) => sum + text.length, 0)
  if (total <= maxTotalLength) return texts.map((text) => onWire(quote(text)))
  const kept: string[] = []
  let length = 0
  for (const text of texts) {
    const cut = text.length > truncatedLength ? text.slice(0, truncatedLength) : text
    if (length + cut.length > maxTotalLength) break
    length += cut.length
    kept.push(onWire(quote(cut)))
  }
  return kept
}
