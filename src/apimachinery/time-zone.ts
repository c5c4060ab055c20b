/** A time zone of the IANA database. */
export interface TimeZone {
  readonly name: string
  /** Seconds east of UTC at an instant (seconds since 1970). */
  offsetSeconds(seconds: number): number
}

export const utc: TimeZone = { name: 'UTC', offsetSeconds: () => 0 }

/** Zones change their offset at full quarters of an hour. */
const quarterSeconds = 900

class NamedZone implements TimeZone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat
  /** The quarter that was last asked for: who asks, asks for times that are near. */
  #quarter = Number.NaN
  #offset = 0

  /** Throws RangeError for a zone that is not known. */
  constructor(name: string) {
    this.name = name
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  }

  get canonicalName(): string {
    return this.#format.resolvedOptions().timeZone
  }

  offsetSeconds(seconds: number): number {
    const quarter = Math.floor(seconds / quarterSeconds)
    if (quarter !== this.#quarter) {
      this.#quarter = quarter
      this.#offset = this.#lookUp(quarter * quarterSeconds)
    }
    return this.#offset
  }

  #lookUp(seconds: number): number {
    const parts = new Map(
      this.#format.formatToParts(new Date(seconds * 1_000)).map(({ type, value }) => [type, value]),
    )
    const number = (part: Intl.DateTimeFormatPartTypes): number => Number(parts.get(part))
    const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year')
    const local = new Date(0)
    local.setUTCFullYear(year, number('month') - 1, number('day'))
    local.setUTCHours(number('hour'), number('minute'), number('second'))
    return local.getTime() / 1_000 - seconds
  }
}

/** As Go's `time.LoadLocation`, which minds the case of letters; undefined for a zone that is not known. */
export function timeZoneOf(name: string): TimeZone | undefined {
  if (name === '' || name === 'UTC') return utc
  try {
    const zone = new NamedZone(name)
    const { canonicalName } = zone
    const differsInCase = canonicalName !== name && canonicalName.toLowerCase() === name.toLowerCase()
    return differsInCase ? undefined : zone
  } catch {
    return undefined
  }
}
