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

const daysOfMonths: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && isLeap ? 29 : (daysOfMonths[month - 1] ?? 0)
}

/** Of two digits; NaN where they are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30
  const ones = text.charCodeAt(at + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/**
 * Of `2026-01-02T03:04:05Z` or `2026-01-02T03:04:05.678901Z`, the forms in which times are written; undefined for any
 * other, and for what is no time.
 */
function parseCanonical(text: string): number | undefined {
  const hasMicros = text.length === 27 && text[19] === '.'
  if (!hasMicros && text.length !== 20) return undefined
  if (text[4] !== '-' || text[7] !== '-' || text[10] !== 'T') return undefined
  if (text[13] !== ':' || text[16] !== ':' || !text.endsWith('Z')) return undefined
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  const micros = hasMicros
    ? twoDigits(text, 20) * 10_000 + twoDigits(text, 22) * 100 + twoDigits(text, 24)
    : 0
  // Date.UTC takes years below 100 for others.
  const fits = year >= 100 && day >= 1 && day <= daysOf(year, month) && micros >= 0
  if (!fits || !(hour <= 23 && minute <= 59 && second <= 59)) return undefined
  return Date.UTC(year, month - 1, day, hour, minute, second) + (micros / 1_000_000) * 1000
}

/** Milliseconds since the epoch, with fraction; undefined unless the text is RFC 3339 and its date exists. */
export function parseTime(text: string): number | undefined {
  return parseCanonical(text) ?? parseAny(text)
}

function parseAny(text: string): number | undefined {
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
