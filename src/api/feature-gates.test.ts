import { describe, expect, test } from 'vitest'
import { featureDependencies } from './feature-dependencies.ts'
import { featureGates } from './feature-gates.ts'
import { featureSwitches } from './feature-switches.ts'

describe('featureGates()', () => {
  test('refuses a gate without those that it asks for', () => {
    expect(() => featureGates(new Map([['WorkloadAwarePreemption', true]]))).toThrow(
      'WorkloadAwarePreemption is enabled, but depends on features that are disabled: [GangScheduling]',
    )
    expect(() => featureGates(new Map([['PodLevelResources', false]]))).toThrow(
      'InPlacePodLevelResourcesVerticalScaling is enabled, but depends on features that are disabled: [PodLevelResources]',
    )
  })

  test.each([
    ['AllAlpha', true],
    ['AllBeta', true],
    ['AllBeta', false],
  ] as const)('takes %s=%s', (name, on) => {
    expect(featureGates(new Map([[name, on]])).enabled(name)).toBe(on)
  })

  test('knows dependencies between gates that have a switch', () => {
    const named = Object.entries(featureDependencies).flatMap(([name, needed]) => [name, ...needed])
    expect(named.filter((name) => !featureSwitches.has(name))).toEqual([])
  })
})
