import type { GatedFields } from '../../apimachinery/gated-fields.ts'

const requests = (prefix: string, field: string): readonly string[] => [
  `${prefix}.devices.requests[].exactly.${field}`,
  `${prefix}.devices.requests[].firstAvailable[].${field}`,
]

const claimFields = (prefix: string): readonly GatedFields[] => [
  { gate: 'DRADeviceTaints', paths: requests(prefix, 'tolerations') },
  {
    gate: 'DRAConsumableCapacity',
    paths: [...requests(prefix, 'capacity'), `${prefix}.devices.constraints[].distinctAttribute`],
  },
]

const results = 'status.allocation.devices.results[]'

export const claimTemplateGates = claimFields('spec.spec')

export const claimGates: readonly GatedFields[] = [
  ...claimFields('spec'),
  { gate: 'DRAResourceClaimDeviceStatus', paths: ['status.devices'] },
  {
    gate: 'DRAConsumableCapacity',
    paths: [`${results}.shareID`, `${results}.consumedCapacity`, 'status.devices[].shareID'],
  },
  {
    gate: 'DRADeviceBindingConditions',
    paths: [`${results}.bindingConditions`, `${results}.bindingFailureConditions`],
  },
]

export const deviceClassGates: readonly GatedFields[] = [
  { gate: 'DRAExtendedResource', paths: ['spec.extendedResourceName'] },
]

const device = 'spec.devices[]'
const binding = ['bindingConditions', 'bindingFailureConditions', 'bindsToNode']
const lists = ['bools', 'ints', 'strings', 'versions']
const placement = ['consumesCounters', 'nodeName', 'nodeSelector', 'allNodes']

export const sliceGates: readonly GatedFields[] = [
  { gate: 'DRADeviceTaints', paths: [`${device}.taints`] },
  {
    gate: 'DRAPartitionableDevices',
    paths: [
      'spec.sharedCounters',
      'spec.perDeviceNodeSelection',
      ...placement.map((field) => `${device}.${field}`),
    ],
  },
  { gate: 'DRADeviceBindingConditions', paths: binding.map((field) => `${device}.${field}`) },
  { gate: 'DRAResourceClaimDeviceStatus', paths: binding.map((field) => `${device}.${field}`) },
  {
    gate: 'DRAConsumableCapacity',
    paths: [`${device}.allowMultipleAllocations`, `${device}.capacity{}.requestPolicy`],
  },
  { gate: 'DRANodeAllocatableResources', paths: [`${device}.nodeAllocatableResourceMappings`] },
  { gate: 'DRAListTypeAttributes', paths: lists.map((field) => `${device}.attributes{}.${field}`) },
]
