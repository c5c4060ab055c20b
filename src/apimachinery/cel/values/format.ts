import { goQuote } from '../../go-text.ts'
import { plainDouble } from './convert.ts'
import { formatDuration, formatTimestamp } from './times.ts'
import {
  CelError,
  Double,
  Duration,
  List,
  MapValue,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './value.ts'

/** A key or value in a message, as Go's `%v` shows it. */
export function formatPlain(value: Value): string {
  if (typeof value === 'string') return value
  if (value instanceof Double) return plainDouble(value.value)
  if (value instanceof Uint) return String(value.value)
  return formatValue(value)
}

function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return `double("${value}")`
  const text = plainDouble(value)
  return text.includes('.') ? text : `${text}.0`
}

const formatBytes = (bytes: Uint8Array): string =>
  `b"${[...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`

const formatMap = (map: MapValue): string =>
  `{${[...map.keys()].map((key) => `${formatValue(key)}: ${formatValue(map.find(key) ?? null)}`).join(', ')}}`

const formatOptional = ({ value }: Optional): string =>
  value === undefined ? 'optional.none()' : `optional.of(${formatValue(value)})`

/** A value as an expression would write it. */
export function formatValue(value: Value): string {
  if (typeof value === 'string') return goQuote(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Double) return formatDouble(value.value)
  if (value instanceof Uint) return `${value.value}u`
  if (value instanceof Timestamp) return `timestamp("${formatTimestamp(value, 0)}")`
  if (value instanceof Duration) return `duration("${formatDuration(value)}")`
  if (value instanceof List) return `[${[...value].map(formatValue).join(', ')}]`
  if (value instanceof MapValue) return formatMap(value)
  if (value instanceof Optional) return formatOptional(value)
  if (value instanceof TypeValue) return value.type.name
  if (value instanceof CelError) return value.message
  return value instanceof Opaque ? value.toString() : formatBytes(value)
}
