import { describe, expect, it } from 'vitest'
import { AgnosticTokens } from './agnostic-tokens.ts'
import { StaticTokens } from './static-tokens.ts'

describe('AgnosticTokens', () => {
  const tokens = new AgnosticTokens(new StaticTokens('tokens.csv', 'secret,ann,1'), ['api', 'other'])

  it('authenticateToken() says which of the audiences asked for are the server’s', () => {
    const user = { name: 'ann', uid: '1', groups: [] }
    expect(tokens.authenticateToken('secret', ['api', 'foreign'])).toEqual({ user, audiences: ['api'] })
  })

  it('authenticateToken() knows nobody for other audiences, and no other tokens', () => {
    expect(tokens.authenticateToken('secret', ['foreign'])).toBeUndefined()
    expect(tokens.authenticateToken('wrong', ['api'])).toBeUndefined()
  })
})
