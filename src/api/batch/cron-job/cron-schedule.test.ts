import { describe, expect, test } from 'vitest'
import { parseCronSchedule } from './cron-schedule.ts'

describe('parseCronSchedule()', () => {
  test.each([
    ['* * * * *', undefined],
    ['*/5 0-6/2 1,15 jan-mar MON-fri', undefined],
    ['0 0 ? * 6', undefined],
    ['@hourly', undefined],
    ['@every 1h30m', undefined],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ['@often', 'unrecognized descriptor: @often'],
    ['@every 5', 'failed to parse duration @every 5: time: missing unit in duration "5"'],
    ['@every 5x', 'failed to parse duration @every 5x: time: unknown unit "x" in duration "5x"'],
    ['TZ=0', 'invalid schedule format: runtime error: slice bounds out of range [:-1]'],
    ['TZ=Nowhere * * * * *', 'provided bad location Nowhere: unknown time zone Nowhere'],
    ['@every', 'unrecognized descriptor: @every'],
    ['TZ=Europe/Berlin 0 9 * * *', undefined],
    ['CRON_TZ=UTC @daily', undefined],
  ])('of %s complains: %s', (schedule, expected) => {
    const parsed = parseCronSchedule(schedule)
    expect('error' in parsed ? parsed.error : undefined).toBe(expected)
  })
})
