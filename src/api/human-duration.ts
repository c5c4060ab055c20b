const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs

const pair = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`

/** A duration with two or three significant figures, as printers show ages: `5m`, `3h20m`, `2d4h`. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / secondMs)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(ms / minuteMs)
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(ms / hourMs)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 24 * 8) return pair(days, 'd', hours % 24, 'h')
  if (days < 365 * 2) return `${days}d`
  if (days < 365 * 8) return pair(Math.floor(days / 365), 'y', days % 365, 'd')
  return `${Math.floor(days / 365)}y`
}
