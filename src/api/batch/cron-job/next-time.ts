import type { TimeZone } from '../../../apimachinery/time-zone.ts'
import type { CalendarSchedule, CronSchedule } from './cron-schedule.ts'

/** A schedule that names no time in so many years names none. */
const yearsAhead = 5

const minute = 60
const hour = 3_600

/** A zone's calendar, seconds since 1970 in and out; as Go's `time` where a change of the clock makes times unclear. */
class Calendar {
  readonly #zone: TimeZone

  constructor(zone: TimeZone) {
    this.#zone = zone
  }

  /** A date whose UTC fields are those of the zone at that instant. */
  at(seconds: number): Date {
    return new Date((seconds + this.#zone.offsetSeconds(seconds)) * 1_000)
  }

  /** The instant at which the zone's clocks show this; what is too large carries over. */
  instant(year: number, month: number, day: number, hours = 0): number {
    const local = Date.UTC(year, month, day, hours) / 1_000
    return local - this.#zone.offsetSeconds(local - this.#zone.offsetSeconds(local))
  }
}

function matchesDay({ daysOfMonth, daysOfWeek, wantsBothDays }: CalendarSchedule, at: Date): boolean {
  const byMonth = daysOfMonth.has(at.getUTCDate())
  const byWeek = daysOfWeek.has(at.getUTCDay())
  return wantsBothDays ? byMonth && byWeek : byMonth || byWeek
}

/** Midnight of the next day; where the clock skips it, the first hour that there is. */
function nextDay(calendar: Calendar, at: Date): number {
  const next = calendar.instant(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() + 1)
  const hours = calendar.at(next).getUTCHours()
  if (hours === 0) return next
  return next + (hours > 12 ? 24 - hours : -hours) * hour
}

/**
 * Moves a time forward field by field, month first: whenever one of them starts anew, all are looked at again.
 * `isAligned`: what is smaller than the field that was last moved is zero.
 */
class Search {
  readonly #schedule: CalendarSchedule
  readonly #calendar: Calendar
  #seconds: number
  #isAligned = false

  constructor(schedule: CalendarSchedule, fromSeconds: number) {
    this.#schedule = schedule
    this.#calendar = new Calendar(schedule.zone)
    this.#seconds = fromSeconds
  }

  find(): number | undefined {
    const lastYear = this.#at.getUTCFullYear() + yearsAhead
    while (this.#at.getUTCFullYear() <= lastYear) {
      if (this.#findMonth() && this.#findDay() && this.#findHour() && this.#findMinute()) return this.#seconds
    }
    return undefined
  }

  get #at(): Date {
    return this.#calendar.at(this.#seconds)
  }

  #align(seconds: () => number): void {
    if (this.#isAligned) return
    this.#isAligned = true
    this.#seconds = seconds()
  }

  #findMonth(): boolean {
    while (!this.#schedule.months.has(this.#at.getUTCMonth() + 1)) {
      const first = (more: number): number =>
        this.#calendar.instant(this.#at.getUTCFullYear(), this.#at.getUTCMonth() + more, 1)
      this.#align(() => first(0))
      this.#seconds = first(1)
      if (this.#at.getUTCMonth() === 0) return false
    }
    return true
  }

  #findDay(): boolean {
    while (!matchesDay(this.#schedule, this.#at)) {
      const at = this.#at
      this.#align(() => this.#calendar.instant(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()))
      this.#seconds = nextDay(this.#calendar, this.#at)
      if (this.#at.getUTCDate() === 1) return false
    }
    return true
  }

  #findHour(): boolean {
    while (!this.#schedule.hours.has(this.#at.getUTCHours())) {
      const at = this.#at
      this.#align(() =>
        this.#calendar.instant(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate(), at.getUTCHours()),
      )
      this.#seconds += hour
      if (this.#at.getUTCHours() === 0) return false
    }
    return true
  }

  /** Schedules name full minutes. */
  #findMinute(): boolean {
    const past = this.#seconds % minute
    if (past !== 0) {
      this.#isAligned = true
      this.#seconds += minute - past
      if (this.#at.getUTCMinutes() === 0) return false
    }
    while (!this.#schedule.minutes.has(this.#at.getUTCMinutes())) {
      this.#isAligned = true
      this.#seconds += minute
      if (this.#at.getUTCMinutes() === 0) return false
    }
    return true
  }
}

/** The schedule's first time after a moment (milliseconds since 1970); undefined: it never comes (31 February). */
export function nextTime(schedule: CronSchedule, afterMs: number): number | undefined {
  const seconds = Math.floor(afterMs / 1_000)
  if ('everySeconds' in schedule) return (seconds + schedule.everySeconds) * 1_000
  const found = new Search(schedule, seconds + 1).find()
  return found === undefined ? undefined : found * 1_000
}
