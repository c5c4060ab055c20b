import { expect, it } from 'vitest'
import { testHost } from '../../../client/testing/test-host.ts'
import { TestIssuer } from '../testing/test-issuer.ts'
import { askIssuer } from './remote-keys.ts'

it('askIssuer() shows its token where it was meant to go, and nowhere else', async () => {
  const issuer = new TestIssuer('https://issuer.test')
  issuer.redirects.set('https://issuer.test/claims', 'https://more.issuer.test/claims')
  issuer.redirects.set('https://more.issuer.test/claims', 'https://elsewhere.test/claims')
  issuer.others.set('https://elsewhere.test/claims', 'claims')
  const { text } = await askIssuer(testHost(), issuer, 'https://issuer.test/claims', 'a token')
  expect(text).toBe('claims')
  expect(issuer.tokens).toEqual(['a token', 'a token', undefined])
})

it('askIssuer() goes to no other sort of place', async () => {
  const issuer = new TestIssuer('https://issuer.test')
  issuer.redirects.set('https://issuer.test/keys', 'file:///etc/passwd')
  await expect(askIssuer(testHost(), issuer, 'https://issuer.test/keys')).rejects.toThrow(
    'unsupported protocol scheme "file"',
  )
})
