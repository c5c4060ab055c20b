import { describe, expect, test } from 'vitest'
import { timeZoneOf } from '../../../apimachinery/time-zone.ts'
import { type CronSchedule, parseCronSchedule } from './cron-schedule.ts'
import { nextTime } from './next-time.ts'

function schedule(text: string, zone = 'UTC'): CronSchedule {
  const parsed = parseCronSchedule(text, timeZoneOf(zone))
  if ('error' in parsed) throw new Error(parsed.error)
  return parsed
}

const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : `${new Date(ms).toISOString().slice(0, 19)}Z`

describe('nextTime()', () => {
  test.each([
    ['* * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'],
    ['* * * * *', '2026-01-01T00:00:59.999Z', '2026-01-01T00:01:00Z'],
    ['*/15 * * * *', '2026-01-01T00:45:00Z', '2026-01-01T01:00:00Z'],
    ['20-35/15 * * * *', '2026-01-01T00:20:00Z', '2026-01-01T00:35:00Z'],
    ['30 14 * * mon-fri', '2026-01-02T15:00:00Z', '2026-01-05T14:30:00Z'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 13 * 5', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['0 0 13 * *', '2026-01-01T00:00:00Z', '2026-01-13T00:00:00Z'],
    ['0 0 */2 * 1', '2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z'],
    ['@yearly', '2026-05-05T05:05:05Z', '2027-01-01T00:00:00Z'],
    ['@monthly', '2026-12-05T05:05:05Z', '2027-01-01T00:00:00Z'],
    ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z'],
    ['@hourly', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z'],
    ['@every 90m', '2026-01-01T00:00:00.500Z', '2026-01-01T01:30:00Z'],
    ['@every 1ms', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'],
    ['TZ=Asia/Tokyo 0 9 * * *', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['59 23 31 2 *', '2026-01-01T00:00:00Z', undefined],
  ])('of %s after %s is %s', (text, after, expected) => {
    expect(iso(nextTime(schedule(text), Date.parse(after)))).toBe(expected)
  })

  // New York leaves 2:00 to 3:00 out on 8 March 2026, and has 1:00 to 2:00 twice on 1 November.
  test.each([
    ['30 2 * * *', '2026-03-08T00:00:00-05:00', '2026-03-09T06:30:00Z'],
    ['0 3 * * *', '2026-03-08T00:00:00-05:00', '2026-03-08T07:00:00Z'],
    ['0 * * * *', '2026-03-08T01:00:00-05:00', '2026-03-08T07:00:00Z'],
    ['30 1 * * *', '2026-11-01T00:00:00-04:00', '2026-11-01T05:30:00Z'],
    ['30 1 * * *', '2026-11-01T01:30:00-04:00', '2026-11-01T06:30:00Z'],
    ['0 9 * * *', '2026-11-01T00:00:00-04:00', '2026-11-01T14:00:00Z'],
  ])('of %s in New York after %s is %s', (text, after, expected) => {
    expect(iso(nextTime(schedule(text, 'America/New_York'), Date.parse(after)))).toBe(expected)
  })
})
