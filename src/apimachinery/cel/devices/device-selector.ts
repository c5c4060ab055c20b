import { celLimits, type Environment, type Expression } from '../api.ts'
import type { SizedNode, SizeEstimate } from '../cost/estimates.ts'
import { schemaSizes } from '../cost/schema-sizes.ts'
import { newEnvironment, storedEnvironment } from '../kubernetes.ts'
import { quantityType } from '../library/kubernetes/quantity.ts'
import { bindingMacros } from '../syntax/extension-macros.ts'
import { mapDecl, objectDecl, simpleDecl } from '../types/decl-type.ts'
import { anyType, boolType, describeType, stringType } from '../types/type.ts'

const maxAttributes = 32
const domain = simpleDecl('string', stringType, 2, 63)
const id = simpleDecl('string', stringType, 2, 32)
const attribute = simpleDecl('any', anyType, 1, 64)
const quantity = simpleDecl('quantity', quantityType, 8)

/** The variable `device` (KEP-4381): attributes and capacities by domain, then by name. */
const deviceDecl = objectDecl('kubernetes.DRADevice', {
  driver: simpleDecl('string', stringType, 2, 63),
  allowMultipleAllocations: simpleDecl('bool', boolType, 4, 1),
  attributes: mapDecl(domain, mapDecl(id, attribute, maxAttributes), maxAttributes),
  capacity: mapDecl(domain, mapDecl(id, quantity, maxAttributes), maxAttributes),
})

const sizesOfFields = schemaSizes(new Map([['device', deviceDecl]]))

/** An attribute may be selected by its name: where a field is not declared, it is one. */
function sizes(node: SizedNode): SizeEstimate | undefined {
  const [variable, part, ...rest] = node.path
  if (variable !== 'device' || part === undefined || rest.length < 2) return sizesOfFields(node)
  const [outer = '', inner = '', ...more] = rest.map((step) => (step.startsWith('@') ? step : '@values'))
  return sizesOfFields({ ...node, path: [variable, part, outer, inner, ...more] })
}

/** `error`: upstream's text; `tooCostly`: it compiles, and may cost more than a selector may. */
export type CompiledSelector =
  | { readonly expression: Expression; readonly maxCost: number; readonly tooCostly: boolean }
  | { readonly error: string }

/** Compiles selectors of devices. Its environments are made when they are first needed. */
export class DeviceSelectorCompiler {
  readonly #environments = new Map<'new' | 'stored', Environment>()

  #environment(age: 'new' | 'stored'): Environment {
    const known = this.#environments.get(age)
    if (known !== undefined) return known
    const base = age === 'new' ? newEnvironment() : storedEnvironment()
    const made = base.extend({ variables: { device: deviceDecl }, macros: bindingMacros })
    this.#environments.set(age, made)
    return made
  }

  compile(text: string, age: 'new' | 'stored'): CompiledSelector {
    const compilation = this.#environment(age).compile(text)
    if ('error' in compilation) return { error: `compilation failed: ${compilation.error}` }
    const { expression } = compilation
    const { outputType } = expression
    if (outputType.kind !== 'bool' && outputType.kind !== 'any') {
      return { error: `must evaluate to bool or the unknown type, not ${describeType(outputType)}` }
    }
    const planned = expression.program()
    if ('error' in planned) return { error: `program instantiation failed: ${planned.error}` }
    const maxCost = expression.estimateCost(sizes).max
    return { expression, maxCost, tooCostly: maxCost > celLimits.perCall }
  }
}
