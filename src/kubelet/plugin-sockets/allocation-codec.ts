import deviceDescriptor from '../../api/generated/rpc/deviceplugin-v1beta1.json' with { type: 'json' }
import { assert } from '../../base/assert.ts'
import { loadServices } from '../../base/host/load-services.ts'
import type { AllocationCodec, DeviceAllocation } from '../resources/devices/device-plugin.ts'

interface AllocateResponse {
  readonly containerResponses: readonly DeviceAllocation[]
}

const wire = { tag: 0x0a, more: 0x80, bits: 7 } as const

/** A number as protobuf writes lengths. */
function varint(value: number): readonly number[] {
  return value < wire.more
    ? [value]
    : [(value % wire.more) | wire.more, ...varint(Math.floor(value / wire.more))]
}

/**
 * A container's part of an Allocate answer. Only the whole answer is a message of a method: a part is what stands in it
 * behind a tag and a length.
 */
export function allocationCodec(): AllocationCodec {
  const method = loadServices(deviceDescriptor).get('v1beta1.DevicePlugin')?.['Allocate']
  assert(method !== undefined, 'no method Allocate')
  return {
    encode: (allocation) => {
      const whole = method.responseSerialize({ containerResponses: [allocation] })
      let start = 1
      while (((whole[start] ?? 0) & wire.more) !== 0) start++
      return whole.subarray(start + 1)
    },
    decode: (bytes) => {
      const whole = Buffer.concat([Buffer.from([wire.tag, ...varint(bytes.length)]), bytes])
      const { containerResponses } = method.responseDeserialize(whole) as AllocateResponse
      const [allocation] = containerResponses
      assert(allocation !== undefined, 'an answer has the part that was put into it')
      return allocation
    },
  }
}
