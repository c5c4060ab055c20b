import { describe, expect, it } from 'vitest'
import { featureGates } from '../feature-gates.ts'
import type { resource } from '../generated/types/index.ts'
import { changeRejections, created, rejections } from '../testing/rejections.ts'
import { DeviceClass } from './device-class/kind.ts'
import { DeviceTaintRule } from './device-taint-rule/kind.ts'
import { ResourceClaim } from './resource-claim/kind.ts'
import { ResourceClaimV1Beta1 } from './resource-claim/versions.ts'
import { ResourceClaimTemplate } from './resource-claim-template/kind.ts'
import { ResourcePoolStatusRequest } from './resource-pool-status-request/kind.ts'
import { ResourceSlice } from './resource-slice/kind.ts'
import { ResourceSliceV1Beta1 } from './resource-slice/versions.ts'

const metadata = { name: 'x', namespace: 'default' }
const metadataOfAll = { name: 'x' }

const claimOf = (devices: Partial<resource.v1.DeviceClaim>): resource.v1.ResourceClaim => ({
  metadata,
  spec: { devices },
})
const exact: resource.v1.DeviceRequest = { name: 'a', exactly: { deviceClassName: 'gpu' } }

describe('ResourceClaim', () => {
  it('defaults() asks for one device', () => {
    expect(created(ResourceClaim, claimOf({ requests: [exact] })).spec?.devices?.requests).toEqual([
      { name: 'a', exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1 } },
    ])
    const flat = created(ResourceClaimV1Beta1, {
      metadata,
      spec: { devices: { requests: [{ name: 'a', deviceClassName: 'gpu' }] } },
    })
    expect(flat.spec?.devices?.requests).toEqual([
      { name: 'a', deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1 },
    ])
  })

  it('validate() tells what is wrong with requests', () => {
    const requests: readonly resource.v1.DeviceRequest[] = [
      { name: 'a' },
      { name: 'B', exactly: { deviceClassName: 'gpu', allocationMode: 'All', count: 2 } },
      { name: 'c', exactly: { deviceClassName: '', allocationMode: 'Some' } },
      { ...exact, firstAvailable: [{ name: 's', deviceClassName: 'gpu' }] },
    ]
    expect(rejections(ResourceClaim, claimOf({ requests }))).toEqual([
      'spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
      expect.stringContaining(
        'spec.devices.requests[1].name: Invalid value: "B": a lowercase RFC 1123 label',
      ),
      "spec.devices.requests[1].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'",
      'spec.devices.requests[2].exactly.deviceClassName: Required value',
      'spec.devices.requests[2].exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"',
      'spec.devices.requests[3]: Invalid value: null: exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set',
      'spec.devices.requests[3]: Duplicate value: "a"',
    ])
  })

  it('validate() tells what is wrong with constraints and configurations', () => {
    const reference =
      "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
    expect(
      rejections(
        ResourceClaim,
        claimOf({
          requests: [exact],
          constraints: [
            { requests: ['b'], matchAttribute: 'model' },
            { requests: ['a', 'a'], matchAttribute: 'example.com/model' },
            {},
          ],
          config: [{ requests: ['a/b/c'] }, { opaque: { driver: 'example.com', parameters: {} } }],
        }),
      ),
    ).toEqual([
      `spec.devices.constraints[0].requests[0]: Invalid value: "b": ${reference}`,
      'spec.devices.constraints[0].matchAttribute: Invalid value: "model": a fully qualified name must be a domain and a name separated by a slash',
      'spec.devices.constraints[1].requests[1]: Duplicate value: "a"',
      'spec.devices.constraints[2]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
      `spec.devices.config[0].requests[0]: Invalid value: "a/b/c": ${reference}`,
      'spec.devices.config[0].opaque: Required value',
    ])
  })

  it('validate() holds a list to its length and says nothing else of it', () => {
    const requests = Array.from({ length: 33 }, () => exact)
    expect(rejections(ResourceClaim, claimOf({ requests }))).toEqual([
      'spec.devices.requests: Too many: 33: must have at most 32 items',
    ])
  })

  it('takes an allocation once, for devices and consumers that fit it', () => {
    const result = { request: 'a', driver: 'example.com', pool: 'p', device: 'd' }
    const claim = claimOf({ requests: [exact] })
    const allocate = (status: resource.v1.ResourceClaimStatus) =>
      changeRejections(ResourceClaim, claim, (each) => ({ ...each, status }), 'status')
    expect(allocate({ allocation: { devices: { results: [result] } } })).toEqual([])
    expect(
      allocate({
        reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }],
        devices: [{ driver: 'example.com', pool: 'p', device: 'other' }],
      }),
    ).toEqual([
      'status.devices[0]: Invalid value: {"Driver":"example.com","Pool":"p","Device":"other","ShareID":""}: must be an allocated device in the claim',
      'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
    ])
  })

  it('drops what belongs to features that are off', () => {
    const features = featureGates(new Map([['DRADeviceTaints', false]]))
    const tolerations = [{ key: 'a', operator: 'Exists' }]
    const claim = claimOf({ requests: [{ name: 'a', exactly: { deviceClassName: 'gpu', tolerations } }] })
    const context = { nowMs: 0, features, subresource: '' }
    const stored = ResourceClaim.prepareForCreate(claim, context)
    expect(stored.spec?.devices?.requests?.[0]?.exactly).toEqual({ deviceClassName: 'gpu' })
    expect(ResourceClaim.prepareForUpdate(claim, claim, context).spec).toEqual(claim.spec)
  })
})

describe('ResourceClaimTemplate', () => {
  it('validate() looks at metadata and spec of the claims', () => {
    const template = { metadata, spec: { metadata: { name: 'y' }, spec: { devices: { requests: [exact] } } } }
    expect(rejections(ResourceClaimTemplate, template)).toEqual([
      'spec.metadata.name: Forbidden: cannot be set',
    ])
  })
})

describe('DeviceClass', () => {
  it('validate() wants expressions, drivers and names of extended resources', () => {
    const spec = { selectors: [{}], config: [{}], extendedResourceName: 'cpu' }
    expect(rejections(DeviceClass, { metadata: metadataOfAll, spec })).toEqual([
      'spec.selectors[0].cel: Required value',
      'spec.config[0].opaque: Required value',
      'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
    ])
  })
})

describe('selectors of devices', () => {
  it('are compiled, and held to a cost', () => {
    const costly = `device.attributes.all(a, ${'device.attributes.all(b, '.repeat(4)}true)${')'.repeat(4)}`
    const spec = { selectors: ['device.nope', '1', costly].map((expression) => ({ cel: { expression } })) }
    expect(rejections(DeviceClass, { metadata: metadataOfAll, spec })).toEqual([
      'spec.selectors[0].cel.expression: Invalid value: "device.nope": compilation failed: ERROR: <input>:1:7: ' +
        "undefined field 'nope'\n | device.nope\n | ......^",
      'spec.selectors[1].cel.expression: Invalid value: "1": must evaluate to bool or the unknown type, not int',
      'spec.selectors[2].cel.expression: Forbidden: too complex, exceeds cost limit',
    ])
  })
})

describe('ResourceSlice', () => {
  const pool = { name: 'p', generation: 1, resourceSliceCount: 1 }
  const sliceOf = (spec: Partial<resource.v1.ResourceSliceSpec>): resource.v1.ResourceSlice => ({
    metadata: metadataOfAll,
    spec: { driver: 'example.com', pool, nodeName: 'n', ...spec },
  })

  it('validate() wants exactly one way to say which nodes', () => {
    const oneOf =
      'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'
    expect(rejections(ResourceSlice, sliceOf({ allNodes: true }))).toEqual([
      `spec: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${oneOf}, but multiple fields are set`,
    ])
    expect(
      rejections(ResourceSlice, { metadata: metadataOfAll, spec: { driver: 'example.com', pool } }),
    ).toEqual([`spec: Required value: ${oneOf}`])
  })

  it('defaults() has what devices take of their node count once', () => {
    const nodeAllocatableResourceMappings = { cpu: {}, memory: { allocationMultiplier: '2' } }
    const slice = sliceOf({ devices: [{ name: 'a', nodeAllocatableResourceMappings }] })
    const made = ResourceSlice.defaults(slice)
    expect(made.spec?.devices?.[0]?.nodeAllocatableResourceMappings).toEqual({
      cpu: { allocationMultiplier: '1' },
      memory: { allocationMultiplier: '2' },
    })
    expect(ResourceSlice.defaults(made)).toBe(made)
  })

  it('validate() looks at devices', () => {
    const devices: readonly resource.v1.Device[] = [
      { name: 'a', attributes: { 'x.y/z': { int: 1, bool: true }, '1x': { version: '1' } } },
      { name: 'a', nodeName: 'n', taints: [{ key: '', effect: 'Maybe' }] },
      { name: 'b', capacity: { memory: { value: '1Gi', requestPolicy: { default: '1' } } } },
    ]
    expect(rejections(ResourceSlice, sliceOf({ devices }))).toEqual([
      'spec.devices[0].attributes[x.y/z]: Invalid value: {"int":1,"bool":true}: exactly one value must be specified',
      expect.stringContaining('spec.devices[0].attributes: Invalid value: "1x": a valid C identifier'),
      'spec.devices[0].attributes[1x].version: Invalid value: "1": must be a string compatible with semver.org spec 2.0.0',
      'spec.devices[1].taints[0].key: Invalid value: "": name part must be non-empty',
      expect.stringContaining('spec.devices[1].taints[0].key: Invalid value: "": name part must consist of'),
      'spec.devices[1].taints[0].effect: Unsupported value: "Maybe": supported values: "NoExecute", "NoSchedule", "None"',
      'spec.devices[1]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
      'spec.devices[2].capacity[memory].requestPolicy: Forbidden: allowMultipleAllocations must be true',
      'spec.devices[1]: Duplicate value: "a"',
    ])
  })

  it('validate() looks at what may be asked of a shared capacity', () => {
    const policies: readonly (readonly [resource.v1.CapacityRequestPolicy, readonly string[]])[] = [
      [{ default: '1', validValues: ['1', '2'] }, []],
      [
        { default: '3', validValues: ['2', '1', '99'] },
        [
          'validValues[1]: Invalid value: "1": values must be sorted in ascending order',
          'validValues[2]: Invalid value: "99": option is larger than capacity value: 10',
          'validValues: Invalid value: "3": default value is not valid according to the requestPolicy',
        ],
      ],
      [{ validRange: { min: '1' } }, ['default: Required value: required when validRange is defined']],
      [
        { default: '1', validRange: { min: '2', max: '20', step: '5' } },
        [
          'validRange.min: Invalid value: "1": default is less than min: 2',
          'validRange.max: Invalid value: "20": max is larger than capacity value: 10',
          'validRange.step: Invalid value: "1": value is not a multiple of a given step (5) from (2)',
          'validRange.step: Invalid value: "20": value is not a multiple of a given step (5) from (2)',
        ],
      ],
    ]
    for (const [requestPolicy, expected] of policies) {
      const capacity = { memory: { value: '10', requestPolicy } }
      const devices = [{ name: 'a', allowMultipleAllocations: true, capacity }]
      expect(rejections(ResourceSlice, sliceOf({ devices }))).toEqual(
        expected.map((text) => `spec.devices[0].capacity[memory].requestPolicy.${text}`),
      )
    }
  })

  it('is the same in older versions', () => {
    const slice = sliceOf({ devices: [{ name: 'a', attributes: { x: { int: 1 } } }] })
    const old = ResourceSliceV1Beta1.stored?.fromStored(slice)
    expect(old).toMatchObject({
      apiVersion: 'resource.k8s.io/v1beta1',
      spec: { devices: [{ name: 'a', basic: { attributes: { x: { int: 1 } } } }] },
    })
    expect(ResourceSliceV1Beta1.stored?.toStored(old ?? slice)).toEqual({
      ...slice,
      apiVersion: 'resource.k8s.io/v1',
    })
    expect(ResourceSliceV1Beta1.deprecation).toBe(
      'resource.k8s.io/v1beta1 ResourceSlice is deprecated in v1.35+, unavailable in v1.38+',
    )
  })
})

describe('DeviceTaintRule', () => {
  it('notes since when the effect is what it is', () => {
    const rule = { metadata: metadataOfAll, spec: { taint: { key: 'a', effect: 'NoSchedule' } } }
    expect(created(DeviceTaintRule, rule).spec?.taint?.timeAdded).toBe('2026-01-01T00:00:00Z')
    expect(
      changeRejections(DeviceTaintRule, rule, (each) => ({
        ...each,
        spec: { taint: { ...each.spec?.taint, key: 'a', effect: 'Never' } },
      })),
    ).toEqual([
      'spec.taint.effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"',
    ])
  })
})

describe('ResourcePoolStatusRequest', () => {
  it('validate() wants a driver and keeps the spec as it is', () => {
    const request = { metadata: metadataOfAll, spec: { driver: 'example.com' } }
    expect(created(ResourcePoolStatusRequest, request).spec?.limit).toBe(100)
    expect(
      rejections(ResourcePoolStatusRequest, { metadata: metadataOfAll, spec: { driver: '', limit: 0 } }),
    ).toEqual([
      'spec.driver: Required value',
      'spec.limit: Invalid value: 0: must be greater than or equal to 1',
    ])
    expect(
      changeRejections(ResourcePoolStatusRequest, request, (each) => ({
        ...each,
        spec: { driver: 'example.org' },
      })),
    ).toEqual(['spec: Invalid value: null: field is immutable'])
  })
})
