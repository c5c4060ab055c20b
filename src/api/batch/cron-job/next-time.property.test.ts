import fc from 'fast-check'
import { expect, test } from 'vitest'
import { timeZoneOf, utc } from '../../../apimachinery/time-zone.ts'
import { type CalendarSchedule, parseCronSchedule } from './cron-schedule.ts'
import { nextTime } from './next-time.ts'

const field = (min: number, max: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min, max }).map(String),
    fc.integer({ min: 1, max: 6 }).map((step) => `*/${step}`),
    fc
      .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
      .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
  )

const minuteMs = 60_000
/** A week: the twin looks at every minute. */
const horizon = 7 * 24 * 60

/** The first minute that has what the schedule wants. */
function twin(schedule: CalendarSchedule, afterMs: number): number | undefined {
  const first = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs
  for (let ms = first; ms < first + horizon * minuteMs; ms += minuteMs) {
    const at = new Date(ms + schedule.zone.offsetSeconds(ms / 1_000) * 1_000)
    const days = [schedule.daysOfMonth.has(at.getUTCDate()), schedule.daysOfWeek.has(at.getUTCDay())]
    const isDay = schedule.wantsBothDays ? days.every(Boolean) : days.some(Boolean)
    const isTime = schedule.minutes.has(at.getUTCMinutes()) && schedule.hours.has(at.getUTCHours())
    if (isDay && isTime && schedule.months.has(at.getUTCMonth() + 1)) return ms
  }
  return undefined
}

// Around the days on which clocks change, too. Zones that change them at midnight, or by half an hour, are left
// out: what upstream's library makes of those is not what a clock shows.
const aroundMs = fc.oneof(
  fc.integer({ min: Date.parse('2026-03-05T00:00:00Z'), max: Date.parse('2026-03-31T00:00:00Z') }),
  fc.integer({ min: Date.parse('2026-10-20T00:00:00Z'), max: Date.parse('2026-11-05T00:00:00Z') }),
  fc.integer({ min: Date.parse('2024-02-20T00:00:00Z'), max: Date.parse('2024-03-05T00:00:00Z') }),
)

test('nextTime() finds the first minute that a walk over all of them finds', () => {
  fc.assert(
    fc.property(
      fc.tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6)),
      fc.constantFrom('UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Kolkata'),
      aroundMs,
      (fields, zone, afterMs) => {
        const schedule = parseCronSchedule(fields.join(' '), timeZoneOf(zone) ?? utc)
        if ('error' in schedule || 'everySeconds' in schedule) throw new Error(fields.join(' '))
        const expected = twin(schedule, afterMs)
        const actual = nextTime(schedule, afterMs)
        if (expected === undefined)
          expect(actual ?? Number.MAX_VALUE).toBeGreaterThan(afterMs + horizon * minuteMs - minuteMs)
        else expect(actual).toBe(expected)
      },
    ),
    { numRuns: 300 },
  )
})
