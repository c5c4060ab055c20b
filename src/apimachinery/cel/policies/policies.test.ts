import { describe, expect, test } from 'vitest'
import {
  type AuthorizationQuestion,
  AuthorizerValue,
  type ExpressionAuthorizer,
} from '../library/kubernetes/authorizer.ts'
import { nativeValue, toNative } from '../values/native.ts'
import { LazyVariables } from './lazy-variables.ts'
import { objectTypeErrors } from './object-types.ts'
import { expressionUses, PolicyCompiler, PolicyEnvironments } from './policy-compiler.ts'

const environments = new PolicyEnvironments()
const compiler = (): PolicyCompiler =>
  new PolicyCompiler(environments, { hasParams: true, hasVariables: true })

describe('policyCompiler.compile()', () => {
  test.each([
    ['object.x', expressionUses.validation, 'must evaluate to bool but got dyn'],
    ['object.x == 1', expressionUses.validation, undefined],
    ['object.x > params.y', expressionUses.validation, undefined],
    [
      "authorizer.group('').resource('pods').check('get').allowed()",
      expressionUses.messageExpression,
      "compilation failed: ERROR: <input>:1:1: undeclared reference to 'authorizer' (in container '')\n" +
        " | authorizer.group('').resource('pods').check('get').allowed()\n | ^",
    ],
    ['1', expressionUses.auditAnnotation, 'must evaluate to one of [string null_type] but got int'],
    [
      'request.userInfo.name',
      expressionUses.validation,
      "compilation failed: ERROR: <input>:1:17: undefined field 'name'\n | request.userInfo.name\n | ................^",
    ],
    [
      "duration(string('x')) == duration('1s')",
      expressionUses.validation,
      "program instantiation failed: type conversion error from 'string' to 'google.protobuf.Duration'",
    ],
    ['Object{spec: Object.spec{replicas: 3}}', expressionUses.applyConfiguration, undefined],
    ['[JSONPatch{op: "add", path: "/x", value: 1}]', expressionUses.jsonPatch, undefined],
    ['JSONPatch{op: "add"}', expressionUses.jsonPatch, 'must evaluate to list(JSONPatch) but got JSONPatch'],
  ] as const)('%s', (text, use, error) => {
    const compiled = compiler().compile(text, use, 'new')
    expect('error' in compiled ? compiled.error : undefined).toBe(error)
  })

  test('knows the types of variables that were added before', () => {
    const own = compiler()
    own.addVariable('one', '1', 'new')
    own.addVariable('text', 'string(variables.one)', 'new')
    const compiled = own.compile('variables.text + variables.one == "11"', expressionUses.validation, 'new')
    expect(compiled).toMatchObject({ error: expect.stringContaining("'_+_' applied to '(string, int)'") })
    expect(own.compile('variables.text == "1"', expressionUses.validation, 'new')).not.toHaveProperty('error')
  })
})

test('LazyVariables computes each variable once, and says what that cost', () => {
  const own = compiler()
  const variables = ['object.x + 1', 'variables.a * variables.a', 'object.missing'].map((text, index) => {
    const name = 'abc'.charAt(index)
    const compiled = own.addVariable(name, text, 'new')
    return { name, program: 'error' in compiled ? compiled : compiled.program }
  })
  const object = nativeValue({ x: 2 })
  const lazy = new LazyVariables(variables, { object })
  const run = (text: string): unknown => {
    const compiled = own.compile(text, expressionUses.variable, 'new')
    if ('error' in compiled) return compiled.error
    const result = compiled.program.evaluate({ object, variables: lazy })
    return result.ok ? toNative(result.value) : result.error
  }
  expect(run('variables.b')).toBe(9)
  expect(lazy.takeCost()).toBe(8)
  expect(run('variables.b + variables.a')).toBe(12)
  expect(lazy.takeCost()).toBe(0)
  expect(run('variables.c')).toBe('composited variable "c" fails to evaluate: no such key: missing')
})

test('objectTypeErrors() names types that are not where they belong', () => {
  const compiled = compiler().compile(
    'Object{spec: Object.spec{a: [Object.spec.a{}], b: Object.other{}}}',
    expressionUses.applyConfiguration,
    'new',
  )
  if ('error' in compiled) throw new Error(compiled.error)
  const result = compiled.program.evaluate({})
  if (!result.ok) throw new Error(result.error)
  expect(toNative(result.value)).toEqual({ spec: { a: [{}], b: {} } })
  expect(objectTypeErrors(result.value)).toEqual([
    'unexpected type name "Object.other", expected "Object.spec.b", which matches field name path from root Object type',
  ])
})

test('authorizer asks what the expression says', () => {
  const asked: AuthorizationQuestion[] = []
  const authorizer: ExpressionAuthorizer = {
    check: (question) => {
      asked.push(question)
      return { allowed: true, reason: 'because' }
    },
    forServiceAccount: () => authorizer,
  }
  const compiled = compiler().compile(
    "authorizer.serviceAccount('ns', 'sa').group('apps').resource('deployments').subresource('status')" +
      ".namespace('ns').name('web').check('update').reason() == 'because' && authorizer.path('/x').check('get').allowed()",
    expressionUses.validation,
    'new',
  )
  if ('error' in compiled) throw new Error(compiled.error)
  const result = compiled.program.evaluate({ authorizer: new AuthorizerValue(authorizer) })
  expect(result).toMatchObject({ ok: true, value: true })
  expect(asked).toMatchObject([
    {
      group: 'apps',
      resource: 'deployments',
      subresource: 'status',
      namespace: 'ns',
      name: 'web',
      verb: 'update',
    },
    { isResourceRequest: false, path: '/x', verb: 'get' },
  ])
})
