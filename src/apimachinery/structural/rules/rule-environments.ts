import {
  type DeclType,
  type Environment,
  nameDeclType,
  newEnvironment,
  optionalOf,
  storedEnvironment,
} from '../../cel/index.ts'

/** Whether an expression is stored already, or sent now. */
export type Age = 'stored' | 'new'

export interface RuleScope {
  readonly rule: Environment
  /** Where `oldSelf` is optional. */
  readonly optionalOldSelf: Environment
}

/** The environments of rules, each made when one is first compiled. */
export class RuleEnvironments {
  readonly #bases = new Map<Age, Environment>()

  #base(age: Age): Environment {
    const known = this.#bases.get(age)
    if (known !== undefined) return known
    const made = age === 'stored' ? storedEnvironment() : newEnvironment()
    this.#bases.set(age, made)
    return made
  }

  /** For rules over values of a type. */
  scope(type: DeclType, age: Age): RuleScope {
    const self = nameDeclType(type, 'selfType')
    const base = this.#base(age)
    return {
      rule: base.extend({ variables: { self, oldSelf: self } }),
      optionalOldSelf: base.extend({ variables: { self, oldSelf: optionalOf(self.celType) }, types: [self] }),
    }
  }
}
