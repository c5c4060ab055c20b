import { describe, expect, test } from 'vitest'
import type { resource } from '../../../api/generated/types/index.ts'
import { isHopeless, isPrepared, needsPreparation } from './binding-conditions.ts'

const minute = 60_000
const id = { driver: 'x', pool: 'p', device: 'd' }

function claim(
  conditions: Readonly<Record<string, string>> | undefined,
  waits = true,
): resource.v1.ResourceClaim {
  const binding = waits ? { bindingConditions: ['Ready'], bindingFailureConditions: ['Failed'] } : {}
  const shown = Object.entries(conditions ?? {}).map(([type, status]) => ({
    ...{ type, status, reason: 'Why', message: 'so', lastTransitionTime: '2026-01-01T00:00:00Z' },
  }))
  return {
    metadata: { name: 'c' },
    spec: {},
    status: {
      allocation: {
        allocationTimestamp: '1970-01-01T00:00:00Z',
        devices: { results: [{ request: 'r', ...id, ...binding }] },
      },
      ...(conditions === undefined ? {} : { devices: [{ ...id, conditions: shown }] }),
    },
  }
}

describe('isPrepared()', () => {
  test.each([
    ['is so for devices without conditions', claim(undefined, false), true],
    ['waits for the first word', claim(undefined), false],
    ['waits for the condition', claim({ Ready: 'False' }), false],
    ['is so when it is true', claim({ Ready: 'True', Failed: 'False' }), true],
  ])('%s', (_name, given, expected) => {
    expect(isPrepared(given)).toBe(expected)
  })

  test('says what has failed', () => {
    expect(() => isPrepared(claim({ Failed: 'True' }))).toThrow(
      'device binding failed: claim=c, reason=Why, message="so"',
    )
  })
})

test.each([
  ['of devices that nobody prepares', claim(undefined, false), 2, false],
  ['in time', claim(undefined), 1, false],
  ['too late', claim(undefined), 11, true],
  ['too late, but done', claim({ Ready: 'True' }), 11, false],
  ['failed', claim({ Failed: 'True' }), 1, true],
])('isHopeless() %s', (_name, given, minutes, expected) => {
  expect(isHopeless(given, minutes * minute, 10 * minute)).toBe(expected)
  expect(needsPreparation(given)).toBe(_name !== 'of devices that nobody prepares')
})
