import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { banner, type Facts, propertyName, quote } from './facts.ts'

interface FactGate {
  readonly name: string
  readonly versionedSpecs: readonly {
    readonly default: boolean
    readonly lockToDefault: boolean
    readonly preRelease: string
    readonly version: string
  }[]
}

/** The release that the facts describe; a gate's later stages are not for it. */
const release = [1, 36] as const

function isReached(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < release[0] || (major === release[0] && minor <= release[1])
}

function row({ name, versionedSpecs }: FactGate): string {
  const spec = versionedSpecs.findLast(({ version }) => isReached(version))
  if (spec === undefined) return ''
  const stage = quote(spec.preRelease === '' ? 'GA' : spec.preRelease)
  return `  ${propertyName(name)}: { default: ${spec.default}, locked: ${spec.lockToDefault}, stage: ${stage} },\n`
}

/** Every feature gate as it stands in this release. */
export function generateFeatureGates(facts: Facts): Map<string, string> {
  const gates: readonly FactGate[] = parse(readFileSync(join(facts.folder, 'feature-gates.yaml'), 'utf8'))
  const text = `${banner}
import type { FeatureGateFacts } from '../../apimachinery/feature-gates.ts'

export const featureGateFacts: Readonly<Record<string, FeatureGateFacts>> = {
${gates.map(row).join('')}}
`
  return new Map([['feature-gates.ts', text]])
}
