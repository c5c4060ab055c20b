import { parseCidr, parseIp } from '../ip-address.ts'

const leap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

export function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  if (year === undefined) return false
  const days = [31, leap(Number(year)) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  return Number(day) >= 1 && Number(day) <= (days[Number(month) - 1] ?? 0)
}

export function isDateTime(text: string): boolean {
  if (text.length < 4) return false
  const [date = '', time] = text.toLowerCase().split('t')
  if (time === undefined || !isDate(date)) return false
  const match = /^(\d\d):(\d\d):(\d\d)(.\d+)?(z|[+-]\d\d:\d\d)$/.exec(time)
  if (match === null) return false
  const [, hours = '', minutes = '', seconds = ''] = match
  return hours <= '23' && minutes <= '59' && seconds <= '59'
}

const goDuration = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/
const units = ['ns', 'us', 'µs', 'ms', 's', 'm', 'h', 'hr', 'd', 'w', 'wk']
const unitPrefixes = ['nano', 'micro', 'milli', 'sec', 'min', 'hour', 'day', 'week']

/** Go's durations, and those with days, weeks and long names. */
export function isDuration(text: string): boolean {
  if (text === '0' || text === '+0' || text === '-0' || goDuration.test(text)) return true
  return [...text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)].some(([, , name = '']) => {
    const unit = name.toLowerCase()
    return units.includes(unit) || unitPrefixes.some((prefix) => unit.startsWith(prefix))
  })
}

const hostname =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u
const maxHostnameBytes = 255

export function isHostname(text: string): boolean {
  if (text.length > maxHostnameBytes || !hostname.test(text)) return false
  return text.split('.').every((label) => label.length <= 63)
}

export const isIpv4 = (text: string): boolean =>
  text.includes('.') && parseIp(text, { allowLeadingZeros: true }) !== undefined

export const isIpv6 = (text: string): boolean => text.includes(':') && parseIp(text) !== undefined

export const isCidr = (text: string): boolean => parseCidr(text, { allowLeadingZeros: true }) !== undefined

/** An address as mail programs read it, with or without a name before it. */
export function isEmail(text: string): boolean {
  const [, inner] = /^[^<>]*<([^<>]+)>\s*$/.exec(text) ?? []
  const address = (inner ?? text).trim()
  return /^(?:"(?:[^"\\]|\\.)+"|[^\s@<>()[\]\\,;:"]+(?<!\.))@(?:[^\s@<>()\\,;:"]+)$/.test(address)
}

/** `net/url.ParseRequestURI`: absolute, or a path. */
export const isRequestUri = (text: string): boolean =>
  /^(?:\/|[a-zA-Z][a-zA-Z0-9+.-]*:\/?)[^\s\p{Cc}]*$/u.test(text) && !/%(?![0-9a-fA-F]{2})/.test(text)

const sumOf = (digits: string, weigh: (digit: number, index: number) => number): number =>
  [...digits].reduce((sum, digit, index) => sum + weigh(digit === 'X' ? 10 : Number(digit), index), 0)

const bareIsbn = (text: string): string => text.replace(/[\s-]/g, '')

export function isIsbn10(text: string): boolean {
  const digits = bareIsbn(text)
  return /^\d{9}[\dX]$/.test(digits) && sumOf(digits, (digit, index) => digit * (10 - index)) % 11 === 0
}

export function isIsbn13(text: string): boolean {
  const digits = bareIsbn(text)
  return (
    /^\d{13}$/.test(digits) && sumOf(digits, (digit, index) => digit * (index % 2 === 0 ? 1 : 3)) % 10 === 0
  )
}

const card =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/

/** A number that cards may have, its check digit right. */
export function isCreditCard(text: string): boolean {
  const digits = text.replace(/\D/g, '')
  if (!card.test(digits)) return false
  const sum = sumOf([...digits].reverse().join(''), (digit, index) => {
    if (index % 2 === 0) return digit
    return digit * 2 > 9 ? digit * 2 - 9 : digit * 2
  })
  return sum % 10 === 0
}

export const isMac = (text: string): boolean =>
  /^(?:[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1)*[0-9a-fA-F]{2}|[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4})+)$/.test(
    text,
  ) && [12, 16, 40].includes(text.replace(/[^0-9a-fA-F]/g, '').length)

const channel = '(?:0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])'
const rgb = new RegExp(`^rgb\\(\\s*${channel}\\s*,\\s*${channel}\\s*,\\s*${channel}\\s*\\)$`)
export const isRgbColor = (text: string): boolean => rgb.test(text)
