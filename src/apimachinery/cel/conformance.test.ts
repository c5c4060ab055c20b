import { tests as specification } from '@bufbuild/cel-spec/testdata/conformance.js'
import { describe, expect, test } from 'vitest'
import type { Environment } from './api.ts'
import { environmentOf } from './environment.ts'
import { listExtensions, listMacros } from './library/extensions/lists.ts'
import { setExtensions } from './library/extensions/sets.ts'
import { stringExtensions } from './library/extensions/strings.ts'
import { optionalLibrary, standardLibrary, twoVariableLibrary } from './library/standard.ts'
import { bindingMacros } from './syntax/extension-macros.ts'
import { declarationsOf, isSame, NeedsProtobuf, specValue } from './testing/conformance-values.ts'
import { dynType, formatType } from './types/type.ts'
import { formatValue } from './values/format.ts'
import type { Value } from './values/value.ts'

interface Exception {
  readonly reason: string
  /** By `file/section/name`. */
  readonly tests: RegExp
  /** Only those whose expression has this. */
  readonly expression?: RegExp
}

/** What fails, and why it may; each has to have failures. */
const exceptions: readonly Exception[] = [
  {
    reason: 'Kubernetes has no protobuf messages: proto2, proto3, their extensions, enums, wrappers, any',
    tests: /^(?:proto2|proto2_ext|proto3|enums|wrappers|dynamic)\//,
  },
  {
    reason: 'Kubernetes has no protobuf messages: single tests of other files that make one',
    tests: /^(?:basic|comparisons|fields|lists|optionals|parse|type_deductions)\//,
    expression: /TestAllTypes|google\s*\.\s*protobuf\s*\./,
  },
  {
    reason: 'Kubernetes has no protobuf messages: declared as the type of a variable or parameter',
    tests:
      /^type_deductions\/(?:legacy_nullable_types|wrappers|flexible_type_parameter_assignment|field_access)\//,
    expression: /\bmsg\b/,
  },
  { reason: 'Kubernetes has no math extension', tests: /^math_ext\// },
  { reason: 'Kubernetes has no encoders extension', tests: /^encoders_ext\// },
  { reason: 'Kubernetes has no cel.block', tests: /^block_ext\// },
  { reason: 'Kubernetes has no namespaces (containers)', tests: /^namespace\/namespace\// },
  { reason: 'Kubernetes does not enable names in backticks', tests: /^fields\/quoted_map_fields\// },
  {
    reason: 'Kubernetes checks every expression; these run unchecked (disable_check)',
    tests:
      /^(?:basic\/(?:variables|functions)\/unbound_is_runtime_error|comparisons\/(?:eq|ne)_literal\/.*(?:mixed_types|list_length)|logic\/conditional\/mixed_type|logic\/(?:AND|OR)\/short_circuit_type_(?:left|right)|parse\/receiver_function_names\/.*)$/,
  },
  {
    reason: 'upstream takes the last of repeated keys',
    tests: /^fields\/qualified_identifier_resolution\/map_value_repeat_key/,
  },
  {
    reason: 'upstream takes a field of what has none as absent (no EnableErrorOnBadPresenceTest)',
    tests: /^optionals\/optionals\/(?:map_null_entry_no_such_key|map_present_key_invalid_field)$/,
  },
  {
    reason: 'upstream gives all milliseconds of a duration, not those after the second',
    tests: /^timestamps\/duration_converters\/get_milliseconds$/,
  },
  {
    reason:
      'Kubernetes has version 2 of the strings extension: other texts than version 4 for %e, %d, %f and %s',
    tests: /^string_ext\/format\/.*(?:scientific|infinity|NaN|lists?|maps?)/,
  },
  {
    reason: 'Kubernetes has version 2 of the strings extension: an offset past the end finds nothing',
    tests: /^string_ext\/value_errors\/(?:last)?indexof_out_of_range$/,
  },
]

/** Kubernetes' environment but for literals of mixed types, which the specification allows. */
const environment = environmentOf(
  [
    standardLibrary,
    optionalLibrary,
    twoVariableLibrary,
    { functions: [...stringExtensions, ...setExtensions, ...listExtensions] },
    { macros: [...listMacros, ...bindingMacros] },
  ],
  { homogeneousLiterals: false },
)

type Test = NonNullable<typeof specification.tests>[number]

interface Bindings {
  readonly values: Readonly<Record<string, Value>>
  readonly environment: Environment
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

function bindingsOf({ typeEnv, bindings }: Test['original']): Bindings {
  const declared = declarationsOf(typeEnv)
  const values = Object.fromEntries(
    Object.entries(record(bindings)).map(([name, binding]): [string, Value] => [
      name,
      specValue(record(binding).value),
    ]),
  )
  const undeclared = Object.fromEntries(Object.keys(values).map((name) => [name, dynType]))
  const extended = environment.extend({ ...declared, variables: { ...undeclared, ...declared.variables } })
  return { values, environment: extended }
}

/** undefined if a test passes, else what came of it. */
function failureOf({ original, type }: Test): string | undefined {
  const { environment: own, values } = bindingsOf(original)
  const compilation = own.compile(original.expr)
  const wantsError = original.evalError !== undefined
  if ('error' in compilation) return wantsError ? undefined : compilation.error
  const { outputType } = compilation.expression
  if (original.disableCheck !== true && type !== undefined && formatType(outputType) !== type) {
    return `is of type ${formatType(outputType)}, not ${type}`
  }
  if (original.checkOnly === true) return undefined
  const planned = compilation.expression.program()
  if ('error' in planned) return wantsError ? undefined : planned.error
  const evaluation = planned.program.evaluate(values)
  if (!evaluation.ok) return wantsError ? undefined : evaluation.error
  if (wantsError) return `is ${formatValue(evaluation.value)}, not an error`
  const expected = original.value ?? record(original.typedResult).result ?? { boolValue: true }
  return isSame(evaluation.value, specValue(expected))
    ? undefined
    : `is ${formatValue(evaluation.value)}, not ${JSON.stringify(expected)}`
}

function outcomeOf(spec: Test): string | undefined {
  try {
    return failureOf(spec)
  } catch (error) {
    if (error instanceof NeedsProtobuf) return `needs protobuf's ${error.message}`
    throw error
  }
}

const files = (specification.suites ?? []).map((file) => ({
  name: file.name,
  tests: (file.suites ?? []).flatMap((section) =>
    (section.tests ?? []).map((spec) => ({
      name: `${file.name}/${section.name}/${spec.original.name ?? ''}`,
      failure: outcomeOf(spec),
      expr: spec.original.expr,
    })),
  ),
}))

describe('the conformance data of cel-spec', () => {
  const applies = ({ tests, expression }: Exception, name: string, expr: string): boolean =>
    tests.test(name) && (expression === undefined || expression.test(expr))

  for (const { name, tests } of files) {
    test(`${name}: all but the named exceptions`, () => {
      const failures = tests
        .filter(({ failure }) => failure !== undefined)
        .filter(({ name: each, expr }) => !exceptions.some((exception) => applies(exception, each, expr)))
        .map(({ name: each, expr, failure }) => `${each}: ${expr}: ${failure ?? ''}`)
      expect(failures).toEqual([])
    })
  }

  test.each(exceptions)('$reason: there are such tests', (exception) => {
    const failing = files.flatMap(({ tests }) => tests).filter(({ failure }) => failure !== undefined)
    expect(failing.some(({ name, expr }) => applies(exception, name, expr))).toBe(true)
  })
})
