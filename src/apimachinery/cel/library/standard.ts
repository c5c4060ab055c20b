import type { Library } from '../environment.ts'
import { optionalMacros, twoVariableMacros } from '../syntax/extension-macros.ts'
import { standardMacros } from '../syntax/macros.ts'
import { optionalOf, typeParam } from '../types/type.ts'
import { optionals } from './optionals.ts'
import { standardFunctions } from './standard-functions.ts'
import { standardOperators } from './standard-operators.ts'
import { standardTimes } from './standard-times.ts'
import { twoVariableFunctions } from './two-variables.ts'

/** https://github.com/google/cel-spec/blob/master/doc/langdef.md#standard-definitions */
export const standardLibrary: Library = {
  functions: [...standardOperators, ...standardFunctions, ...standardTimes],
  macros: standardMacros,
}

export const optionalLibrary: Library = {
  functions: optionals,
  macros: optionalMacros,
  types: [optionalOf(typeParam('V'))],
}

export const twoVariableLibrary: Library = { functions: twoVariableFunctions, macros: twoVariableMacros }
