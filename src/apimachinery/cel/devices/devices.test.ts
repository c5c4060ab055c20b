import { describe, expect, test } from 'vitest'
import { toNative } from '../values/native.ts'
import { DeviceSelectorCompiler } from './device-selector.ts'
import { deviceValue, type SelectableDevice } from './device-value.ts'

const compiler = new DeviceSelectorCompiler()
const driver = 'dra.example.com'

/** What a selector says of a device, and what it may cost. */
function run(text: string, device: Omit<SelectableDevice, 'driver'>): unknown {
  const compiled = compiler.compile(text, 'stored')
  if ('error' in compiled) return compiled.error
  const planned = compiled.expression.program()
  if ('error' in planned) return planned.error
  const result = planned.program.evaluate({ device: deviceValue({ driver, ...device }) })
  return [result.ok ? toNative(result.value) : result.error, compiled.maxCost]
}

describe('deviceSelectorCompiler.compile()', () => {
  test.each([
    ['true', {}, [true, 0]],
    ['1', {}, 'must evaluate to bool or the unknown type, not int'],
    [
      'device.attributes["no-such-domain"].noSuchAttr.isGreaterThan(quantity("0"))',
      {},
      ['no such key: noSuchAttr', 6],
    ],
    ['"no-such-domain" in device.attributes', {}, [false, 3]],
    [
      '"a.example.com" in device.attributes',
      { attributes: { 'a.example.com/x': { bool: true } } },
      [true, 3],
    ],
    ['device.driver == "dra.example.com"', {}, [true, 4]],
    ['device.attributes["dra.example.com"].name', { attributes: { name: { bool: true } } }, [true, 4]],
    [
      'cel.bind(dra, device.attributes["dra.example.com"], dra.name)',
      { attributes: { name: { bool: true } } },
      [true, 15],
    ],
    [
      'device.attributes["other.example.com"].name',
      { attributes: { 'other.example.com/name': { bool: true } } },
      [true, 4],
    ],
    ['device.attributes["dra.example.com"].name > 0', { attributes: { name: { int: 1 } } }, [true, 5]],
    [
      'device.attributes["dra.example.com"].v.isGreaterThan(semver("0.0.1"))',
      { attributes: { v: { version: '1.0.0' } } },
      [true, 6],
    ],
    [
      'device.capacity["dra.example.com"].memory.compareTo(quantity("1Gi")) >= 0',
      { capacity: { memory: { value: '2Gi' } } },
      [true, 7],
    ],
  ] as const)('%s', (text, device, result) => expect(run(text, device)).toEqual(result))
})
