import { describe, expect, it } from 'vitest'
import { canonicalBase64 } from './base64.ts'
import { goTimeError } from './go-time.ts'

const layout = '2006-01-02T15:04:05Z07:00'
const microLayout = '2006-01-02T15:04:05.000000Z07:00'

describe('goTimeError()', () => {
  it.each([
    ['', `parsing time "" as "${layout}": cannot parse "" as "2006"`],
    ['abc', `parsing time "abc" as "${layout}": cannot parse "abc" as "2006"`],
    ['2020-13-01T00:00:00Z', 'parsing time "2020-13-01T00:00:00Z": month out of range'],
    ['2020-02-30T00:00:00Z', 'parsing time "2020-02-30T00:00:00Z": day out of range'],
    ['2020-02-03', `parsing time "2020-02-03" as "${layout}": cannot parse "" as "T"`],
    ['2020-02-03T00:00:00', `parsing time "2020-02-03T00:00:00" as "${layout}": cannot parse "" as "Z07:00"`],
    ['2020-02-03T25:00:00Z', 'parsing time "2020-02-03T25:00:00Z": hour out of range'],
    ['2020-02-03T00:00:00Zfoo', 'parsing time "2020-02-03T00:00:00Zfoo": extra text: "foo"'],
  ])('goTimeError() says of %j %s', (text, error) => {
    expect(goTimeError(text, layout)).toBe(error)
  })

  it('goTimeError() takes fractions and offsets, and micro times only with six digits', () => {
    expect(goTimeError('2020-02-29T00:00:00.123+02:00', layout)).toBeUndefined()
    expect(goTimeError('2020-02-03T00:00:00.123456Z', microLayout)).toBeUndefined()
    expect(goTimeError('2020-02-03T00:00:00Z', microLayout)).toBe(
      `parsing time "2020-02-03T00:00:00Z" as "${microLayout}": cannot parse "Z" as ".000000"`,
    )
  })
})

describe('canonicalBase64()', () => {
  it.each([
    ['', ''],
    ['abcd', 'abcd'],
    ['QQ==', 'QQ=='],
    ['QR==', 'QQ=='],
    ['abc=\n', 'abc='],
  ])('canonicalBase64() makes %j %j', (text, canonical) => {
    expect(canonicalBase64(text)).toBe(canonical)
  })

  it.each([
    ['a', 0],
    ['abc', 0],
    ['ab=', 3],
    ['a===', 1],
    ['ab=c', 2],
    ['abc=d', 4],
    ['abcd=', 4],
    ['ab!d', 2],
    ['====', 0],
    ['abcda', 4],
    ['ab==a', 4],
  ])('canonicalBase64() gives up on %j at byte %i, as Go does', (text, illegalByte) => {
    expect(canonicalBase64(text)).toEqual({ illegalByte })
  })
})
