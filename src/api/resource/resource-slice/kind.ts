import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import { formatTime } from '../../../apimachinery/time.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fill, mapSame, set } from '../../defaulting.ts'
import type { resource } from '../../generated/types/index.ts'
import { sliceGates } from '../gated-fields.ts'
import { validateResourceSlice } from './validate.ts'

type ResourceSlice = resource.v1.ResourceSlice

/** Taints that do not say since when count from now. */
function withTaintTimes(slice: ResourceSlice, { nowMs }: WriteContext): ResourceSlice {
  const { spec } = slice
  if (spec?.devices === undefined) return slice
  const timeAdded = formatTime(nowMs)
  const devices = mapSame(spec.devices, (device) =>
    device.taints === undefined
      ? device
      : set(
          device,
          'taints',
          mapSame(device.taints, (taint) => fill(taint, { timeAdded })),
        ),
  )
  return set(slice, 'spec', set(spec, 'devices', devices))
}

/** What a device takes of its node counts once where it does not say how often. */
function withMultipliers(slice: ResourceSlice): ResourceSlice {
  const { spec } = slice
  if (spec?.devices === undefined) return slice
  const devices = mapSame(spec.devices, (device) => {
    const { nodeAllocatableResourceMappings: mappings } = device
    const isWhole = Object.values(mappings ?? {}).every(
      ({ allocationMultiplier }) => allocationMultiplier !== undefined,
    )
    if (mappings === undefined || isWhole) return device
    const filled = Object.entries(mappings).map(
      ([name, mapping]) => [name, { allocationMultiplier: '1', ...mapping }] as const,
    )
    return set(device, 'nodeAllocatableResourceMappings', Object.fromEntries(filled))
  })
  return set(slice, 'spec', set(spec, 'devices', devices))
}

function warnings({ spec }: ResourceSlice): readonly string[] {
  const driver = spec?.driver ?? ''
  if (driver === driver.toLowerCase()) return []
  return [`spec.driver: driver names should be lowercase; ${goQuote(driver)} contains uppercase characters`]
}

/** Upstream names the version that was asked. */
export const unselectableIn =
  (version: string) =>
  (field: string): string =>
    `field label not supported for resource.k8s.io/${version}, Kind=ResourceSlice: ${field}`

export const ResourceSlice = defineKind<ResourceSlice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  resource: 'resourceslices',
  namespaced: false,
  schema: 'io.k8s.api.resource.v1.ResourceSlice',
  hasGeneration: true,
  returnsDeleted: true,
  gatedFields: sliceGates,
  defaults: withMultipliers,
  prepareForCreate: withTaintTimes,
  prepareForUpdate: (slice, _old, context) => withTaintTimes(slice, context),
  validate: validateResourceSlice,
  warnings,
  unselectable: unselectableIn('v1'),
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    'spec.driver': ({ spec }) => spec?.driver ?? '',
  },
  columns: [
    nameColumn,
    { name: 'Node', type: 'string', value: ({ spec }) => spec?.nodeName ?? '' },
    { name: 'Driver', type: 'string', value: ({ spec }) => spec?.driver ?? '' },
    { name: 'Pool', type: 'string', value: ({ spec }) => spec?.pool?.name ?? '' },
    ageColumn,
  ],
})
