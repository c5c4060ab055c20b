import type { DeclType } from '../types/decl-type.ts'
import { type SizeEstimator, unbounded } from './estimates.ts'

function childOf(type: DeclType, step: string): DeclType | undefined {
  if (step === '@items' || step === '@values') return type.elemType
  return step === '@keys' ? type.keyType : type.fields?.get(step)?.type
}

/**
 * Sizes of what variables hold, by their declared types. With one type, it stands for every variable: `self` and
 * `oldSelf` of a rule.
 */
export function schemaSizes(types: DeclType | ReadonlyMap<string, DeclType>): SizeEstimator {
  return ({ path }) => {
    const [variable, ...steps] = path
    if (variable === undefined) return undefined
    let type = types instanceof Map ? types.get(variable) : types
    for (const step of steps) {
      if (type === undefined) return undefined
      type = childOf(type, step)
    }
    if (type === undefined) return undefined
    return { min: 0, max: type.maxElements < 0 ? unbounded : type.maxElements }
  }
}
