import { isIP } from 'node:net'
import {
  isKubeletLabel,
  isKubernetesLabel,
  kubeletLabelDomains,
  kubeletLabels,
} from '../../../api/core/node/kubelet-labels.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import { isLabelValue, isQualifiedName } from '../../../apimachinery/label-syntax.ts'

/** `a=b,c=d`, with another sign between. Throws an Error in upstream's words. */
export function parsePairs(value: string, sign: '=' | '<'): ReadonlyMap<string, string> {
  const parts = value.split(',').filter((part) => part !== '')
  return new Map(
    parts.map((part) => {
      const at = part.indexOf(sign)
      if (at < 0) throw new Error(`malformed pair, expect string${sign}string`)
      return [part.slice(0, at).trim(), part.slice(at + 1).trim()]
    }),
  )
}

/** `<name>:<value>,…`. Throws an Error. */
export function parseHeaders(value: string): readonly (readonly [name: string, value: string])[] {
  const parts = value.split(',').filter((part) => part !== '')
  return parts.map((part) => {
    const at = part.indexOf(':')
    if (at < 0) throw new Error('malformed pair, expect string:string')
    return [part.slice(0, at).trim(), part.slice(at + 1).trim()]
  })
}

/** Labels that a kubelet may give its own node. Throws an Error. */
export function parseNodeLabels(value: string): ReadonlyMap<string, string> {
  const labels = parsePairs(value, '=')
  const unknown = [...labels.keys()].filter((key) => isKubernetesLabel(key) && !isKubeletLabel(key)).sort()
  if (unknown.length > 0) {
    throw new Error(
      `unknown 'kubernetes.io' or 'k8s.io' labels specified with --node-labels: [${unknown.join(' ')}]\n--node-labels in the 'kubernetes.io' namespace must begin with an allowed prefix (${kubeletLabelDomains.join(', ')}) or be in the specifically allowed set (${[...kubeletLabels].sort().join(', ')})`,
    )
  }
  const complaints = [...labels].flatMap(([key, text]) => {
    const told = (what: string, said: readonly string[]): readonly string[] =>
      said.length === 0 ? [] : [`'${what}' - ${said.join(', ')}`]
    return [...told(key, isQualifiedName(key)), ...told(text, isLabelValue(text))]
  })
  if (complaints.length > 0) throw new Error(`invalid node labels: ${complaints.join('; ')}`)
  return labels
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const

/** A taint from its parts. Throws an Error in upstream's words; `spec` is what was written. */
export function makeTaint(spec: string, key: string, value: string, effect: string): core.v1.Taint {
  if (effect === '') throw new Error(`invalid taint spec: ${spec}`)
  const known = effects.find((each) => each === effect)
  if (known === undefined) throw new Error(`invalid taint effect: ${effect}, unsupported taint effect`)
  const complaints = [...isLabelValue(value), ...isQualifiedName(key)]
  if (complaints.length > 0) throw new Error(`invalid taint spec: ${spec}, ${complaints.join('; ')}`)
  return { key, effect: known, ...(value === '' ? {} : { value }) }
}

/** `<key>=<value>:<effect>` or `<key>:<effect>`, each. Throws an Error, also where two say the same. */
export function parseTaints(specs: readonly string[]): readonly core.v1.Taint[] {
  const taints = specs
    .filter((spec) => spec !== '')
    .map((spec) => {
      const [pair = '', effect = '', ...more] = spec.split(':')
      const [key = '', value = '', ...rest] = pair.split('=')
      if (more.length > 0 || rest.length > 0) throw new Error(`invalid taint spec: ${spec}`)
      return makeTaint(spec, key, value, effect)
    })
  const twice = taints.find(
    (taint, at) => taints.findIndex(({ key, effect }) => key === taint.key && effect === taint.effect) < at,
  )
  if (twice !== undefined)
    throw new Error(`duplicated taints with the same key and effect: ${twice.key}:${twice.effect}`)
  return taints
}

/** One address, or one of each family; none: they are found out. Throws an Error. */
export function parseNodeIps(value: string): readonly string[] {
  if (value === '') return []
  const bad = (why: string): Error => new Error(`bad --node-ip ${goQuote(value)}: ${why}`)
  const addresses = value.split(',').map((text) => text.trim())
  const wrong = addresses.find((address) => isIP(address) === 0)
  if (wrong !== undefined) throw bad(`could not parse ${goQuote(wrong)}`)
  const [first = '', second, ...more] = addresses
  const isPair = second === undefined || isIP(first) !== isIP(second)
  if (more.length > 0 || !isPair) throw bad('must contain either a single IP or a dual-stack pair of IPs')
  if (addresses.some((address) => address === '0.0.0.0' || address === '::'))
    throw bad('an unspecified address is not there: name one, or leave the flag away')
  return addresses
}

/** The path of a runtime's socket. Throws an Error. */
export function socketPath(endpoint: string): string {
  if (endpoint === '')
    throw new Error('invalid configuration: the containerRuntimeEndpoint was not specified or empty')
  const [, protocol = '', rest = endpoint] = /^([a-z]+):\/\/(.*)$/.exec(endpoint) ?? []
  if (protocol !== 'unix' && protocol !== '') throw new Error(`protocol ${goQuote(protocol)} not supported`)
  if (!rest.startsWith('/'))
    throw new Error(`the runtime's endpoint ${goQuote(endpoint)} is no absolute path`)
  return rest
}
