const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/

/** `metav1.Time`: RFC 3339 in UTC with seconds; milliseconds are cut off. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** `metav1.MicroTime`: RFC 3339 in UTC with six digits. */
export function formatMicroTime(ms: number): string {
  const wholeMs = Math.floor(ms)
  const micros = Math.floor((ms - wholeMs) * 1000)
  return `${new Date(wholeMs).toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`
}

/** Milliseconds since the epoch, with fraction; undefined unless the text is RFC 3339 and its date exists. */
export function parseTime(text: string): number | undefined {
  const match = rfc3339.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, sign, zoneHour, zoneMinute] = match
  const [y, mo, d, h, mi, s] = [year, month, day, hour, minute, second].map(Number)
  if (y === undefined || mo === undefined || d === undefined) return undefined
  if (h === undefined || mi === undefined || s === undefined) return undefined
  if (h > 23 || mi > 59 || s > 59 || Number(zoneHour ?? 0) > 23 || Number(zoneMinute ?? 0) > 59)
    return undefined
  const date = new Date(0)
  date.setUTCFullYear(y, mo - 1, d)
  if (date.getUTCMonth() !== mo - 1 || date.getUTCDate() !== d) return undefined
  date.setUTCHours(h, mi, s)
  const zoneMs = (Number(zoneHour ?? 0) * 60 + Number(zoneMinute ?? 0)) * 60_000 * (sign === '-' ? -1 : 1)
  const fractionMs = fraction === undefined ? 0 : Number(`0.${fraction}`) * 1000
  return date.getTime() - zoneMs + fractionMs
}

/** Milliseconds of a time that is known to be well-formed; NaN if it is not. */
export const timeMs = (text: string): number => parseTime(text) ?? Number.NaN
