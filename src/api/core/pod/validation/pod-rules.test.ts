import { describe, expect, test } from 'vitest'
import { featureGates } from '../../../feature-gates.ts'
import type { core } from '../../../generated/types/index.ts'
import { Pod } from '../kind.ts'
import { toleratesTaint } from '../tolerations.ts'

type Spec = Partial<core.v1.PodSpec>

const podOf = (spec: Spec): core.v1.Pod =>
  Pod.defaults({
    metadata: { name: 'p', namespace: 'ns', uid: 'u', resourceVersion: '1' },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  })

function complaints(spec: Spec, gates: readonly string[], old?: Spec): readonly string[] {
  const features = featureGates(new Map(gates.map((gate) => [gate, true])))
  const context = { nowMs: 0, subresource: '', features }
  const before = old === undefined ? undefined : podOf(old)
  return Pod.validate(podOf(spec), before, context).map(({ field, message }) => `${field}: ${message}`)
}

const compared = (value: string): Spec => ({ tolerations: [{ key: 'k', operator: 'Gt', value }] })
const mounted: Spec = { securityContext: { seLinuxChangePolicy: 'MountOption' } }
const ownUsers: Spec = { hostUsers: false, hostNetwork: true }

describe('podRules()', () => {
  test.each([
    ['TaintTolerationComparisonOperators', compared('-7'), 'supported values: "Equal", "Exists", "Lt", "Gt"'],
    ['SELinuxMount', mounted, 'supported values: "Recursive"'],
    ['UserNamespacesHostNetworkSupport', ownUsers, 'when `hostUsers` is false'],
  ])('%s lets in what is refused without it, and keeps what is there', (gate, spec, refused) => {
    expect(complaints(spec, [])).toEqual([expect.stringContaining(refused)])
    expect(complaints(spec, [gate])).toEqual([])
    expect(complaints(spec, [], spec)).toEqual([])
  })

  test.each([
    ['', ['must be non-empty', 'strconv.ParseInt: parsing "": invalid syntax']],
    ['007', ['must be a valid decimal integer in canonical form']],
    ['9223372036854775808', ['strconv.ParseInt: parsing "9223372036854775808": value out of range']],
    [
      'x',
      ['must be a valid decimal integer in canonical form', 'strconv.ParseInt: parsing "x": invalid syntax'],
    ],
  ])('a toleration does not compare with %j', (value, why) => {
    const field = 'spec.tolerations[0].value'
    expect(complaints(compared(value), ['TaintTolerationComparisonOperators'])).toEqual(
      why.map((each) => `${field}: Invalid value: ${JSON.stringify(value)}: ${each}`),
    )
  })
})

test.each([
  ['Lt', '10', '9', true],
  ['Lt', '10', '10', false],
  ['Gt', '10', '11', true],
  ['Gt', '-1', '0', true],
  ['Gt', '10', 'x', false],
  ['Gt', '10', '9223372036854775808', false],
])('toleratesTaint() with %s %s and a taint of %s: %s', (operator, value, actual, expected) => {
  const taint = { key: 'k', value: actual, effect: 'NoSchedule' }
  expect(toleratesTaint({ key: 'k', operator, value }, taint)).toBe(expected)
})
