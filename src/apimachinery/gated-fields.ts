import type { DerivedKey, Features } from './feature-gates.ts'

/** Fields that exist only while a feature is on; `spec.devices[].taints`, `spec.devices[].capacity{}.policy` name those of items and of a map's values, `lifecycle?.stopSignal` one without which its parent says nothing. */
export interface GatedFields {
  readonly gate: string
  readonly paths: readonly string[]
}

interface Step {
  readonly name: string
  readonly of: 'field' | 'items' | 'values' | 'shell'
}

const suffixes: Readonly<Record<string, Step['of']>> = { '[]': 'items', '{}': 'values' }

const stepsOf = (path: string): readonly Step[] =>
  path.split('.').map((part) => {
    const of = suffixes[part.slice(-2)]
    if (part.endsWith('?')) return { name: part.slice(0, -1), of: 'shell' }
    return of === undefined ? { name: part, of: 'field' } : { name: part.slice(0, -2), of }
  })

/** The paths of one entry. */
type Compiled = readonly (readonly Step[])[]

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Empty lists say nothing, as in Go. */
const isSet = (value: unknown): boolean =>
  value !== undefined && !(Array.isArray(value) && value.length === 0)

function has(value: unknown, steps: readonly Step[], at: number): boolean {
  const step = steps[at]
  if (step === undefined) return isSet(value)
  if (!isFields(value)) return false
  const next = value[step.name]
  if (step.of === 'field' || step.of === 'shell') return has(next, steps, at + 1)
  if (step.of === 'values')
    return isFields(next) && Object.values(next).some((each) => has(each, steps, at + 1))
  return Array.isArray(next) && next.some((item) => has(item, steps, at + 1))
}

function changedOf(next: unknown, step: Step, change: (value: unknown) => unknown): unknown {
  if (step.of === 'items' && Array.isArray(next)) return next.map(change)
  if (step.of !== 'values' || !isFields(next)) return change(next)
  return Object.fromEntries(Object.entries(next).map(([name, each]) => [name, change(each)]))
}

function without(value: unknown, steps: readonly Step[], at: number): unknown {
  const step = steps[at]
  if (step === undefined || !isFields(value) || !(step.name in value)) return value
  if (at === steps.length - 1) {
    const { [step.name]: _dropped, ...rest } = value
    return rest
  }
  const { [step.name]: old, ...rest } = value
  const next = changedOf(old, step, (one) => without(one, steps, at + 1))
  if (step.of === 'shell' && next !== old && isFields(next) && Object.keys(next).length === 0) return rest
  return { ...value, [step.name]: next }
}

/**
 * Drops what belongs to features that are off, unless the old object has any of the same entry's fields. Compiled
 * once for a kind, so that objects without such fields cost a look at each.
 */
export function dropsDisabled(fields: readonly GatedFields[]) {
  const disabled: DerivedKey<readonly Compiled[]> = {
    make: (features) =>
      fields.filter(({ gate }) => !features.enabled(gate)).map(({ paths }) => paths.map(stepsOf)),
  }
  return <T>(object: T, old: T | undefined, features: Features): T => {
    let next: unknown = object
    for (const paths of features.derived(disabled)) {
      if (!paths.some((steps) => has(next, steps, 0)) || paths.some((steps) => has(old, steps, 0))) continue
      for (const steps of paths) next = without(next, steps, 0)
    }
    return next as T
  }
}
