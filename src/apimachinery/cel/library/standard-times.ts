import { intType } from '../types/type.ts'
import { inZone } from '../values/times.ts'
import { CelError, type Timestamp, type Value } from '../values/value.ts'
import { declare, type FunctionDeclaration, method1, method2, type Overload, parameters } from './declare.ts'
import { durationGetters } from './standard-functions.ts'

const { string, timestamp } = parameters

const dayMs = 86_400_000

/** Days since the first of January, from 0. */
function dayOfYear(date: Date): number {
  const start = new Date(0)
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1)
  return Math.floor((date.getTime() - start.getTime()) / dayMs)
}

/** A part of a time, in UTC or in the zone that is given. */
function getter(
  name: string,
  id: string,
  part: (date: Date, time: Timestamp) => number,
  ...more: readonly Overload[]
): FunctionDeclaration {
  const inAnyZone = (time: Timestamp, zone: string): Value => {
    const date = inZone(time, zone)
    return date instanceof CelError ? date : part(date, time)
  }
  return declare(
    name,
    method1(`timestamp_to_${id}`, timestamp, intType, (time) => inAnyZone(time, 'UTC')),
    method2(`timestamp_to_${id}_with_tz`, timestamp, string, intType, inAnyZone),
    ...more,
  )
}

export const standardTimes: readonly FunctionDeclaration[] = [
  getter('getFullYear', 'year', (date) => date.getUTCFullYear()),
  getter('getMonth', 'month', (date) => date.getUTCMonth()),
  getter('getDayOfYear', 'day_of_year', dayOfYear),
  getter('getDayOfMonth', 'day_of_month', (date) => date.getUTCDate() - 1),
  getter('getDate', 'day_of_month_1_based', (date) => date.getUTCDate()),
  getter('getDayOfWeek', 'day_of_week', (date) => date.getUTCDay()),
  getter('getHours', 'hours', (date) => date.getUTCHours(), durationGetters.getHours),
  getter('getMinutes', 'minutes', (date) => date.getUTCMinutes(), durationGetters.getMinutes),
  getter('getSeconds', 'seconds', (date) => date.getUTCSeconds(), durationGetters.getSeconds),
  getter(
    'getMilliseconds',
    'milliseconds',
    (_, time) => Math.trunc(time.nanos / 1_000_000),
    durationGetters.getMilliseconds,
  ),
]
