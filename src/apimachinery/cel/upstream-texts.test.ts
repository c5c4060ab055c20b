import { tests as parsing } from '@bufbuild/cel-spec/testdata/parsing.js'
import { describe, expect, test } from 'vitest'
import { environmentOf } from './environment.ts'
import { optionalLibrary, standardLibrary, twoVariableLibrary } from './library/standard.ts'
import { formatType } from './types/type.ts'

const environment = environmentOf([standardLibrary, optionalLibrary, twoVariableLibrary], {
  homogeneousLiterals: false,
})

/** Expressions of cel-go's parser tests whose texts differ, and why. */
const exceptions: readonly { readonly reason: string; readonly expression: RegExp }[] = [
  {
    reason: "those tests have limits of their own (a depth of 32); ours are Kubernetes'",
    expression: /^(?:\[{30,}|1 \+ 2 \+ 3|a\.b\.c\.d\.e|a\[1\]\[2\]\[3\]|a < 1 < 2|y!=y|\s*-?\[-1--1|\s*ó)/,
  },
  {
    reason: 'those tests do not have optional syntax',
    expression: /^(?:a\.\?b|\{\?'key|\[\?a|Msg\{\?field)/,
  },
  { reason: 'names in backticks are not enabled, whatever is in them', expression: /`/ },
  { reason: 'those tests do not have the macro existsOne', expression: /^m\.existsOne/ },
  {
    reason: 'after the first syntax error upstream goes on and finds more',
    expression: /^(?:func\{\{a\}\}|msg\{:a\}|\{:a\}|--|a \? b \(\(\?\)\)|x\{\?\.)$/,
  },
]

/** The issues of an expression, or the type that it has. */
function outcomeOf(text: string): string {
  const compilation = environment.compile(text)
  return 'error' in compilation ? compilation.error : formatType(compilation.expression.outputType)
}

describe('environment.compile() words issues as upstream does', () => {
  const rows = (parsing.tests ?? []).map(({ original, error, type }) => ({
    text: original.expr,
    // The data has no name for the source where only the parser ran.
    wanted: (error ?? type ?? '').replaceAll(/^ERROR: :/gm, 'ERROR: <input>:'),
  }))
  const isExcepted = (text: string): boolean => exceptions.some(({ expression }) => expression.test(text))

  test.each(rows.filter(({ text }) => !isExcepted(text)))('$text', ({ text, wanted }) => {
    expect(outcomeOf(text)).toBe(wanted)
  })

  test.each(exceptions)('$reason: there are such tests', ({ expression }) => {
    const failing = rows.filter(({ text, wanted }) => expression.test(text) && outcomeOf(text) !== wanted)
    expect(failing.length).toBeGreaterThan(0)
  })
})
