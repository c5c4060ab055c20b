import { beforeEach, describe, expect, it } from 'vitest'
import { verifyJws } from '../../../base/host/verify-jws.ts'
import { silentLogger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import { PrometheusMetrics } from '../../../base/prometheus.ts'
import type { VirtualHost } from '../../../base/virtual-host.ts'
import { testHost } from '../../../client/testing/test-host.ts'
import type { UserInfo } from '../../request.ts'
import { TestIssuer } from '../testing/test-issuer.ts'
import { IdentityCompiler } from './identity-expressions.ts'
import { JwtAuthenticator } from './jwt-authenticator.ts'
import { JwtAuthenticators } from './jwt-authenticators.ts'
import { JwtMetrics } from './jwt-metrics.ts'
import type { JwtSettings } from './jwt-settings.ts'

const url = 'https://issuer.test'
const compiler = new IdentityCompiler()

const mapping = (text: string) => {
  const compiled = compiler.mapping(text)
  if ('error' in compiled) throw new Error(compiled.error)
  return { expression: compiled.compiled }
}
const rule = (text: string, message = '') => {
  const compiled = text.includes('user.') ? compiler.userRule(text) : compiler.claimRule(text)
  if ('error' in compiled) throw new Error(compiled.error)
  return { ...compiled.compiled, message }
}

const plain: JwtSettings = {
  issuerUrl: url,
  audiences: ['timonel'],
  algorithms: ['ES256', 'RS256'],
  username: { claim: 'sub', prefix: 'oidc:' },
  extra: [],
  requiredClaims: new Map(),
  claimRules: [],
  userRules: [],
}

let host: VirtualHost
let issuer: TestIssuer
let metrics: PrometheusMetrics
beforeEach(() => {
  host = testHost()
  issuer = new TestIssuer(url)
  metrics = new PrometheusMetrics()
})

const common = () => ({
  host,
  logger: silentLogger,
  metrics: new JwtMetrics(host, metrics, 'server'),
  open: () => issuer,
  verify: verifyJws,
})

async function authenticator(more: Partial<JwtSettings> = {}): Promise<JwtAuthenticator> {
  const made = new JwtAuthenticator({ ...common(), settings: { ...plain, ...more } })
  void made.start()
  await host.advance(0)
  return made
}

const claims = (more: object = {}) => ({
  iss: url,
  aud: 'timonel',
  sub: 'jane',
  exp: Math.floor(host.now() / 1000) + 3600,
  ...more,
})

const userOf = async (made: JwtAuthenticator, token: string): Promise<UserInfo | undefined> =>
  (await made.authenticateToken(token))?.user

const complaint = async (made: JwtAuthenticator, token: string): Promise<string> => {
  try {
    const user = await userOf(made, token)
    return user === undefined ? 'not its token' : `is ${user.name}`
  } catch (error) {
    return messageOf(error)
  }
}

describe('JwtAuthenticator', () => {
  it('follows where its issuer sends it, as Go does, but not for ever', async () => {
    const configuration = `${url}/.well-known/openid-configuration`
    issuer.redirects.set(configuration, '/moved')
    issuer.redirects.set(`${url}/moved`, 'https://elsewhere.test/configuration')
    issuer.others.set(
      'https://elsewhere.test/configuration',
      JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }),
    )
    const made = await authenticator()
    expect(await userOf(made, issuer.token(claims()))).toMatchObject({ name: 'oidc:jane' })
    expect(issuer.asked).toContain('https://elsewhere.test/configuration')
    issuer.redirects.set(`${url}/moved`, configuration)
    issuer.asked.length = 0
    await authenticator()
    expect(issuer.asked).toHaveLength(10)
  })

  it('maps claims with prefixes', async () => {
    const made = await authenticator({
      groups: { claim: 'groups', prefix: 'g:' },
      uid: { claim: 'id', prefix: '' },
    })
    const token = issuer.token(claims({ groups: ['a', 'b'], id: 'u-1', jti: 'j' }))
    expect(await userOf(made, token)).toEqual({
      name: 'oidc:jane',
      uid: 'u-1',
      groups: ['g:a', 'g:b'],
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=j'] },
    })
    expect((await userOf(made, issuer.token(claims({ groups: 'a', id: '' }))))?.groups).toEqual(['g:a'])
  })

  it('maps claims by expressions, and finds names that expressions cannot write', async () => {
    const made = await authenticator({
      username: mapping("claims.name + '@' + claims.example__dot__com.tenant"),
      groups: mapping("claims.roles.split(',').map(r, 'role:' + r)"),
      uid: mapping('string(int(claims.number))'),
      extra: [
        { key: 'example.org/teams', ...mapping('claims.teams') },
        { key: 'example.org/none', ...mapping("claims.?nothing.orValue('')") },
      ],
    })
    const token = issuer.token(
      claims({ name: 'jane', 'example.com': { tenant: 't' }, roles: 'a,b', number: 7, teams: ['x', ''] }),
    )
    expect(await userOf(made, token)).toEqual({
      name: 'jane@t',
      uid: '7',
      groups: ['role:a', 'role:b'],
      extra: { 'example.org/teams': ['x'] },
    })
  })

  it('has no opinion on tokens of others, and is not asked about what is no token', async () => {
    const made = await authenticator()
    expect(await complaint(made, issuer.token(claims({ iss: 'https://other.test' })))).toBe('not its token')
    expect(await complaint(made, 'opaque')).toBe('not its token')
  })

  it.each<[what: string, claims: object, header: object, error: RegExp]>([
    [
      'expired',
      { exp: 1 },
      {},
      /^oidc: verify token: oidc: token is expired \(Token Expiry: 1970-01-01 00:00:01/,
    ],
    ['endless', { exp: undefined }, {}, /^oidc: verify token: oidc: token is expired/],
    [
      'from the future',
      { nbf: 4e9 },
      {},
      /before the nbf \(not before\) time: 2096-10-02 07:06:40 \+0000 UTC$/,
    ],
    ['for others', { aud: ['x'] }, {}, /^oidc: verify token: oidc: expected audience "timonel" got \["x"\]$/],
    ['for nobody', { aud: undefined }, {}, /expected audience "timonel" got \[\]$/],
    ['unsigned', {}, { alg: 'none' }, /unsupported algorithm, expected \["ES256" "RS256"\] got "none"$/],
    ['signed by HMAC', {}, { alg: 'HS256' }, /got "HS256"$/],
    ['of another algorithm', {}, { alg: 'RS256' }, /failed to verify id token signature$/],
    ['of an unknown key', {}, { kid: 'two' }, /failed to verify id token signature$/],
    ['nameless', { sub: undefined }, {}, /^oidc: parse username claims "sub": claim not present$/],
    ['of a numbered subject', { sub: 7 }, {}, /json: cannot unmarshal number into Go value of type string$/],
  ])('refuses a token that is %s', async (_what, more, header, error) => {
    expect(await complaint(await authenticator(), issuer.token(claims(more), header))).toMatch(error)
  })

  it('refuses a token whose contents have been changed', async () => {
    const [head, , tail] = issuer.token(claims()).split('.')
    const forged = Buffer.from(JSON.stringify(claims({ sub: 'admin' }))).toString('base64url')
    expect(await complaint(await authenticator(), `${head}.${forged}.${tail}`)).toMatch(/failed to verify/)
  })

  it('takes email addresses that are verified, or say nothing of it', async () => {
    const made = await authenticator({ username: { claim: 'email', prefix: '' } })
    const email = 'jane@example.org'
    expect(await complaint(made, issuer.token(claims({ email })))).toBe(`is ${email}`)
    expect(await complaint(made, issuer.token(claims({ email, email_verified: true })))).toBe(`is ${email}`)
    expect(await complaint(made, issuer.token(claims({ email, email_verified: false })))).toBe(
      'oidc: email not verified',
    )
  })

  it('wants required claims, rules of claims and rules of users', async () => {
    const made = await authenticator({
      requiredClaims: new Map([['tenant', 't']]),
      claimRules: [rule('claims.level >= 3', 'level too low')],
      userRules: [rule("!user.username.startsWith('system:')", 'reserved')],
      username: { claim: 'sub', prefix: '' },
    })
    const ask = (more: object): Promise<string> => complaint(made, issuer.token(claims(more)))
    expect(await ask({ tenant: 't', level: 3 })).toBe('is jane')
    expect(await ask({ level: 3 })).toBe('oidc: required claim tenant not present in ID token')
    expect(await ask({ tenant: 'u', level: 3 })).toBe(
      'oidc: required claim tenant value does not match. Got = u, want = t',
    )
    expect(await ask({ tenant: 't', level: 2 })).toBe(
      "oidc: error evaluating claim validation expression: validation expression 'claims.level >= 3' failed: level too low",
    )
    expect(await ask({ tenant: 't', level: 3, sub: 'system:admin' })).toBe(
      "oidc: error evaluating user info validation rule: validation expression '!user.username.startsWith('system:')' failed: reserved",
    )
  })

  it('asks for the keys again where a token has a new one, unless they count for longer', async () => {
    const made = await authenticator()
    expect(await complaint(made, issuer.token(claims()))).toBe('is oidc:jane')
    issuer.addKey('two')
    expect(await complaint(made, issuer.token(claims()))).toBe('is oidc:jane')
    issuer.cacheControl = 'public, max-age=3600'
    issuer.addKey('three')
    await complaint(made, issuer.token(claims()))
    issuer.addKey('four')
    expect(await complaint(made, issuer.token(claims()))).toMatch(/failed to verify id token signature$/)
    await host.advance(3_590_000)
    const later = issuer.token(claims())
    expect(await complaint(made, later)).toBe('is oidc:jane')
    expect(metrics.expose()).toContain('jwt_authenticator_jwks_fetch_last_timestamp_seconds{result="success"')
  })

  it('looks for its issuer until it is there', async () => {
    issuer.isUp = false
    const made = await authenticator()
    expect(await complaint(made, issuer.token(claims()))).toBe('oidc: authenticator not initialized')
    expect(made.failure?.message).toBe(
      `oidc: authenticator for issuer "${url}" is not healthy: Get "${url}/.well-known/openid-configuration": dial tcp 192.0.2.1:443: connect: connection refused`,
    )
    issuer.isUp = true
    await host.advance(10_000)
    expect(made.failure).toBeUndefined()
    expect(await complaint(made, issuer.token(claims()))).toBe('is oidc:jane')
  })

  it('finds its configuration where it is told to, and believes none of another issuer', async () => {
    const discoveryUrl = 'https://inside.test/configuration'
    issuer.others.set(discoveryUrl, JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }))
    expect((await authenticator({ discoveryUrl })).failure).toBeUndefined()
    issuer.others.set(discoveryUrl, JSON.stringify({ issuer: 'https://other.test', jwks_uri: `${url}/keys` }))
    expect((await authenticator({ discoveryUrl })).failure?.message).toContain(
      `oidc: issuer did not match the issuer returned by provider, expected "${url}" got "https://other.test"`,
    )
  })

  it('gets groups from where the token says they are', async () => {
    const made = await authenticator({ groups: { claim: 'groups', prefix: '' } })
    const away = {
      _claim_names: { groups: 'src' },
      _claim_sources: { src: { endpoint: `${url}/groups`, access_token: 'x' } },
    }
    issuer.others.set(`${url}/groups`, issuer.token(claims({ groups: ['far'] })))
    expect(await complaint(made, issuer.token(claims(away)))).toContain('verifier not initialized')
    await host.advance(0)
    expect((await userOf(made, issuer.token(claims(away))))?.groups).toEqual(['far'])
  })
})

describe('JwtAuthenticators', () => {
  it('replaces issuers once the new ones answer, and keeps the old ones until then', async () => {
    const all = new JwtAuthenticators(common(), [plain])
    await host.advance(0)
    const token = issuer.token(claims())
    issuer.isUp = false
    const failing = all.replace([{ ...plain, username: { claim: 'sub', prefix: 'new:' } }])
    const outcome = failing.then(
      () => '',
      (error: Error) => error.message,
    )
    await host.advance(70_000)
    expect(await outcome).toContain('connection refused')
    issuer.isUp = true
    expect((await all.authenticateToken(token))?.user.name).toBe('oidc:jane')
    const replaced = all.replace([{ ...plain, username: { claim: 'sub', prefix: 'new:' } }])
    await host.advance(1_000)
    await replaced
    expect((await all.authenticateToken(token))?.user.name).toBe('new:jane')
    all.stop()
  })
})
