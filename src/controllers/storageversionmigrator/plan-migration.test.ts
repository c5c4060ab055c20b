import { describe, expect, test } from 'vitest'
import { type Migration, type MigrationState, nextStep } from './plan-migration.ts'

const migration = (
  name: string,
  states: readonly MigrationState[] = [],
  { second = 0, resource = 'noxus', resourceVersion = '' } = {},
): Migration => ({
  metadata: { name, creationTimestamp: `2026-01-01T00:00:0${second}Z` },
  spec: { resource: { group: 'example.com', resource } },
  status: {
    resourceVersion,
    conditions: states.map((type) => ({
      type,
      status: 'True',
      reason: 'Test',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    })),
  },
})

describe('nextStep()', () => {
  const noted = { resourceVersion: '7' }
  test.each([
    ['lets in who is alone', migration('a'), [], 'begin'],
    ['lets nobody in beside one that runs', migration('a'), [migration('b', ['Running'])], undefined],
    ['nor before its turn has ended', migration('a'), [migration('b', ['Running', 'Succeeded'])], undefined],
    ['lets in the oldest first', migration('b', [], { second: 1 }), [migration('c')], undefined],
    ['and of one age by name', migration('a'), [migration('b')], 'begin'],
    ['knows resources apart', migration('b'), [migration('a', ['Running'], { resource: 'others' })], 'begin'],
    ['does not wait for what is over', migration('b'), [migration('a', ['Failed'])], 'begin'],
    ['notes a revision first', migration('a', ['Running']), [], 'note revision'],
    ['then migrates', migration('a', ['Running'], noted), [], 'migrate'],
    ['ends the turn of one that is over', migration('a', ['Running', 'Failed'], noted), [], 'end'],
    ['leaves those alone that are over', migration('a', ['Succeeded'], noted), [], undefined],
  ])('%s', (_what, one, others, step) => {
    expect(nextStep(one, [one, ...others])).toBe(step)
  })
})
