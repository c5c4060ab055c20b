import { expect, test } from 'vitest'
import { featureGates } from '../../../api/feature-gates.ts'
import { FieldsReader, type ReadProblems } from '../../../apimachinery/fields-reader.ts'
import { readDynamicResourcesArgs } from './dynamic-resources-args.ts'

const read = (args: object, gates: Readonly<Record<string, boolean>> = {}) => {
  const problems: ReadProblems = { errors: [], unknown: [] }
  const found = readDynamicResourcesArgs(
    new FieldsReader(args, 'args', problems),
    featureGates(new Map(Object.entries(gates))),
  )
  return problems.errors.length > 0
    ? problems.errors.map(({ field, message }) => `${field}: ${message}`)
    : found
}

const noPreparation =
  'args.bindingTimeout: Forbidden: DRADeviceBindingConditions or DRAResourceClaimDeviceStatus feature gate is disabled'

// Upstream's table for ValidateDynamicResourcesArgs.
test.each<[string, object, Readonly<Record<string, boolean>>, unknown]>([
  ['defaults', {}, {}, { filterTimeoutMs: 10_000, bindingTimeoutMs: 600_000 }],
  [
    'both',
    { filterTimeout: '0s', bindingTimeout: '30s' },
    {},
    { filterTimeoutMs: 0, bindingTimeoutMs: 30_000 },
  ],
  [
    'a negative one',
    { filterTimeout: '-1s' },
    {},
    ['args.filterTimeout: Invalid value: "-1s": must be zero or positive'],
  ],
  [
    'a filter timeout without its gate',
    { filterTimeout: '1s' },
    { DRASchedulerFilterTimeout: false },
    ['args.filterTimeout: Forbidden: DRASchedulingFilterTimeout feature gate is disabled'],
  ],
  [
    'no limit without its gate',
    {},
    { DRASchedulerFilterTimeout: false },
    { filterTimeoutMs: 0, bindingTimeoutMs: 600_000 },
  ],
  [
    'none',
    { bindingTimeout: '0s' },
    {},
    ['args.bindingTimeout: Invalid value: "0s": must be at least 1 second'],
  ],
  ['without conditions', { bindingTimeout: '1s' }, { DRADeviceBindingConditions: false }, [noPreparation]],
  [
    'without device status, and what asks for it',
    { bindingTimeout: '1s' },
    {
      DRAResourceClaimDeviceStatus: false,
      DRADeviceBindingConditions: false,
      DRAResourceClaimGranularStatusAuthorization: false,
    },
    [noPreparation],
  ],
])('readDynamicResourcesArgs() reads %s', (_name, args, gates, expected) =>
  expect(read(args, gates)).toEqual(expected),
)
