import { listOf, stringType } from '../../types/type.ts'
import { ValueList } from '../../values/collections.ts'
import { CelError, isInt, type Value } from '../../values/value.ts'
import { declare, type FunctionDeclaration, method2, method3, parameters } from '../declare.ts'
import { compilePattern, findEach, findFirst, withConstantPattern } from '../regular-expression.ts'

const { string, int } = parameters

function find(text: string, pattern: string): Value {
  const compiled = compilePattern(pattern)
  return 'error' in compiled
    ? new CelError(`Illegal regex: ${compiled.error}`)
    : findFirst(compiled.pattern, text)
}

function findAll(text: string, pattern: string, limit: Value = -1): Value {
  const compiled = compilePattern(pattern)
  if ('error' in compiled) return new CelError(`Illegal regex: ${compiled.error}`)
  return new ValueList(findEach(compiled.pattern, text, isInt(limit) ? Number(limit) : -1))
}

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-regex-library */
export const regexFunctions: readonly FunctionDeclaration[] = [
  declare(
    'find',
    withConstantPattern(method2('string_find_string', string, string, stringType, find), findFirst),
  ),
  declare(
    'findAll',
    withConstantPattern(
      method2('string_find_all_string', string, string, listOf(stringType), findAll),
      (pattern, text) => new ValueList(findEach(pattern, text, -1)),
    ),
    withConstantPattern(
      method3('string_find_all_string_int', string, string, int, listOf(stringType), findAll),
      (pattern, text, limit = -1) =>
        new ValueList(findEach(pattern, text, isInt(limit) ? Number(limit) : -1)),
    ),
  ),
]
