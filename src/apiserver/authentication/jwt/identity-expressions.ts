import {
  anyDecl,
  type Environment,
  type Expression,
  listDecl,
  mapDecl,
  objectDecl,
  storedEnvironment,
  stringDecl,
} from '../../../apimachinery/cel/index.ts'
import { describeType } from '../../../apimachinery/cel/types/type.ts'
import type { IdentityExpression } from './jwt-settings.ts'

const userDecl = objectDecl('kubernetes.UserInfo', {
  username: stringDecl,
  uid: stringDecl,
  groups: listDecl(stringDecl),
  extra: mapDecl(stringDecl, listDecl(stringDecl)),
})

export type CompiledIdentity =
  | { readonly compiled: IdentityExpression; readonly expression: Expression }
  | { readonly error: string }

function compile(environment: Environment, text: string, isRule: boolean): CompiledIdentity {
  const compilation = environment.compile(text)
  if ('error' in compilation) return { error: `compilation failed: ${compilation.error}` }
  const { expression } = compilation
  // Claims have no types: what a mapping gives is known when it runs.
  if (isRule && describeType(expression.outputType) !== 'bool') return { error: 'must evaluate to bool' }
  const planned = expression.program()
  if ('error' in planned) return { error: `program instantiation failed: ${planned.error}` }
  return { compiled: { text, program: planned.program }, expression }
}

/** Compiles expressions of authentication, with upstream's errors. */
export class IdentityCompiler {
  readonly #claims = storedEnvironment().extend({
    variables: { claims: mapDecl(stringDecl, anyDecl) },
  })
  readonly #user = storedEnvironment().extend({ variables: { user: userDecl } })

  mapping(text: string): CompiledIdentity {
    return compile(this.#claims, text, false)
  }

  claimRule(text: string): CompiledIdentity {
    return compile(this.#claims, text, true)
  }

  userRule(text: string): CompiledIdentity {
    return compile(this.#user, text, true)
  }
}
