import { describe, expect, it } from 'vitest'
import { type FeatureGateFacts, FeatureGates, parseFeatureGates } from './feature-gates.ts'

const facts: Readonly<Record<string, FeatureGateFacts>> = {
  New: { default: false, locked: false, stage: 'Alpha' },
  Other: { default: false, locked: false, stage: 'Alpha' },
  Tried: { default: true, locked: false, stage: 'Beta' },
  Settled: { default: true, locked: true, stage: 'GA' },
}

const gates = (flag: string): FeatureGates => new FeatureGates(facts, parseFeatureGates(flag))

describe('FeatureGates', () => {
  it('has the defaults of the release', () => {
    expect(gates('').list()).toMatchObject([
      { name: 'New', enabled: false },
      { name: 'Other', enabled: false },
      { name: 'Settled', enabled: true },
      { name: 'Tried', enabled: true },
    ])
  })

  it('turns whole stages on and off, but for gates that are named', () => {
    const all = gates('New=false,AllAlpha=true,AllBeta=false')
    expect(['New', 'Other', 'Tried', 'Settled'].map((name) => all.enabled(name))).toEqual([
      false,
      true,
      false,
      true,
    ])
  })

  it('changes only what has a switch, and says so', () => {
    const some = (flag: string) => new FeatureGates(facts, parseFeatureGates(flag), new Set(['New']))
    expect(() => some('Other=true')).toThrow(
      'cannot set feature gate Other to true, there is no switch for it here',
    )
    const all = some('Other=false,Tried=true,AllAlpha=true')
    expect(['New', 'Other', 'Tried'].map((name) => all.enabled(name))).toEqual([true, false, true])
  })

  it('refuses a gate that is on while one that it asks for is off', () => {
    const dependent = (flag: string) =>
      new FeatureGates(facts, parseFeatureGates(flag), undefined, {
        New: ['Other', 'Tried'],
        Tried: ['Settled'],
      })
    expect(() => dependent('New=true,Tried=false')).toThrow(
      'New is enabled, but depends on features that are disabled: [Other Tried]',
    )
    expect(dependent('AllAlpha=true').enabled('New')).toBe(true)
  })

  it('refuses gates that are not there or settled, and what is no boolean', () => {
    expect(() => gates('Foo=true')).toThrow('unrecognized feature gate: Foo')
    expect(() => gates('constructor=true')).toThrow('unrecognized feature gate: constructor')
    expect(() => gates('Settled=false')).toThrow(
      'cannot set feature gate Settled to false, feature is locked to true',
    )
    expect(gates('Settled=true').enabled('Settled')).toBe(true)
    expect(() => gates('New')).toThrow('missing bool value for New')
    expect(() => gates('New=maybe')).toThrow(
      'invalid value of New=maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax',
    )
  })
})
