import { expect, test } from 'vitest'
import { StaticTokens } from './static-tokens.ts'

test('StaticTokens knows the users of its file', () => {
  const tokens = new StaticTokens('tokens.csv', 'abc,jane,7,"dev,ops"\n\ndef,joe,8\n,nobody,9\n')
  expect(tokens.authenticateToken('abc')).toEqual({
    user: { name: 'jane', uid: '7', groups: ['dev', 'ops'] },
  })
  expect(tokens.authenticateToken('def')).toEqual({ user: { name: 'joe', uid: '8', groups: [] } })
  expect(tokens.authenticateToken('')).toBeUndefined()
})

test('StaticTokens refuses a line with too few columns', () => {
  expect(() => new StaticTokens('t.csv', 'abc,jane\n')).toThrow(
    'token file "t.csv" must have at least 3 columns (token, user name, user uid), found 2 in line 1',
  )
})
