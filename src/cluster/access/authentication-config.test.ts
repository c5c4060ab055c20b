import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type AuthenticationConfig, authenticationConfig } from './authentication-config.ts'

const rules = { algorithms: ['RS256'], disallowedIssuers: ['https://kubernetes.default.svc'] }

const issuer = { url: 'https://issuer.test', audiences: ['timonel'] }
const claimMappings = { username: { claim: 'sub', prefix: '' } }

const config = (top: object): string =>
  stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', ...top })

const read = (top: object, first?: AuthenticationConfig) => authenticationConfig(config(top), rules, first)

const complaint = (top: object, first?: AuthenticationConfig): string => {
  try {
    read(top, first)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}

/** One issuer with these differences. */
const jwt = (more: object) => ({ jwt: [{ issuer, claimMappings, ...more }] })

describe('authenticationConfig()', () => {
  it('reads issuers and who is anonymous', () => {
    const { jwt: issuers, anonymous } = read({
      jwt: [
        {
          issuer: {
            ...issuer,
            discoveryURL: 'https://inside.test/x',
            audiences: ['a', 'b'],
            audienceMatchPolicy: 'MatchAny',
          },
          claimMappings: {
            username: { expression: 'claims.sub' },
            groups: { claim: 'groups', prefix: 'g:' },
            uid: { claim: 'id' },
            extra: [{ key: 'example.org/team', valueExpression: 'claims.team' }],
          },
          claimValidationRules: [
            { claim: 'tenant', requiredValue: 't' },
            { expression: 'claims.level > 1.0', message: 'low' },
          ],
          userValidationRules: [{ expression: "user.username != 'root'", message: 'no' }],
        },
      ],
      anonymous: { enabled: true, conditions: [{ path: '/livez' }] },
    })
    expect(issuers[0]).toMatchObject({
      issuerUrl: 'https://issuer.test',
      discoveryUrl: 'https://inside.test/x',
      audiences: ['a', 'b'],
      username: { expression: { text: 'claims.sub' } },
      groups: { claim: 'groups', prefix: 'g:' },
      uid: { claim: 'id' },
      extra: [{ key: 'example.org/team' }],
      requiredClaims: new Map([['tenant', 't']]),
      claimRules: [{ text: 'claims.level > 1.0', message: 'low' }],
      userRules: [{ message: 'no' }],
    })
    expect(anonymous).toEqual({ enabled: true, paths: new Set(['/livez']) })
    expect(read({})).toEqual({ jwt: [] })
  })

  it.each<[top: object, complaint: string]>([
    [jwt({ issuer: { ...issuer, url: '' } }), 'jwt[0].issuer.url: Required value'],
    [
      jwt({ issuer: { ...issuer, url: 'http://u:p@issuer.test?q#f' } }),
      '[jwt[0].issuer.url: Invalid value: "http://u:p@issuer.test?q#f": URL scheme must be https, jwt[0].issuer.url: Invalid value: "http://u:p@issuer.test?q#f": URL must not contain a username or password, jwt[0].issuer.url: Invalid value: "http://u:p@issuer.test?q#f": URL must not contain a query, jwt[0].issuer.url: Invalid value: "http://u:p@issuer.test?q#f": URL must not contain a fragment]',
    ],
    [
      jwt({ issuer: { ...issuer, url: 'https://kubernetes.default.svc' } }),
      'jwt[0].issuer.url: Invalid value: "https://kubernetes.default.svc": URL must not overlap with disallowed issuers: [https://kubernetes.default.svc]',
    ],
    [
      jwt({ issuer: { ...issuer, discoveryURL: 'https://issuer.test/' } }),
      'jwt[0].issuer.discoveryURL: Invalid value: "https://issuer.test/": discoveryURL must be different from URL',
    ],
    [
      jwt({ issuer: { ...issuer, audiences: [] } }),
      'jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required',
    ],
    [
      jwt({ issuer: { ...issuer, audiences: ['a', 'a'] } }),
      '[jwt[0].issuer.audiences[1]: Duplicate value: "a", jwt[0].issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences]',
    ],
    [
      jwt({ issuer: { ...issuer, certificateAuthority: 'none' } }),
      'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates',
    ],
    [
      {
        jwt: [
          { issuer, claimMappings },
          { issuer, claimMappings },
        ],
      },
      'jwt[1].issuer.url: Duplicate value: "https://issuer.test"',
    ],
    [
      jwt({ claimMappings: {} }),
      'jwt[0].claimMappings.username: Required value: claim or expression is required',
    ],
    [
      jwt({ claimMappings: { username: { claim: 'sub' } } }),
      'jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing',
    ],
    [
      jwt({ claimMappings: { username: { claim: 'a', expression: 'b', prefix: '' } } }),
      `jwt[0].claimMappings.username: Invalid value: "": claim and expression can't both be set`,
    ],
    [
      jwt({ claimMappings: { username: { expression: 'claims.email' } } }),
      'jwt[0].claimMappings.username.expression: Invalid value: "claims.email": claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression',
    ],
    [
      jwt({
        claimMappings: { username: { expression: 'claims.?email[0]' } },
        claimValidationRules: [{ expression: 'claims.?email_verified.orValue(true) == true' }],
      }),
      '',
    ],
    [
      jwt({
        claimMappings: {
          ...claimMappings,
          extra: [
            { key: 'team', valueExpression: 'claims.a' },
            { key: 'my.kubernetes.io/x', valueExpression: 'claims.a' },
            { key: 'a.b/C', valueExpression: '' },
          ],
        },
      }),
      '[jwt[0].claimMappings.extra[0].key: Invalid value: "team": must be a domain-prefixed path (such as "acme.io/foo"), jwt[0].claimMappings.extra[1].key: Invalid value: "my.kubernetes.io/x": k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use, jwt[0].claimMappings.extra[2].key: Invalid value: "a.b/C": must be lowercase, jwt[0].claimMappings.extra[2].valueExpression: Required value]',
    ],
    [
      jwt({ claimValidationRules: [{}, { claim: 'a', message: 'm' }, { expression: 'claims.a' }] }),
      '[jwt[0].claimValidationRules[0]: Required value: claim or expression is required, jwt[0].claimValidationRules[1].message: Invalid value: "m": may not be specified when claim is set, jwt[0].claimValidationRules[2].expression: Invalid value: "claims.a": must evaluate to bool]',
    ],
    [
      jwt({ userValidationRules: [{}, { expression: 'true' }, { expression: 'true' }] }),
      '[jwt[0].userValidationRules[0].expression: Required value, jwt[0].userValidationRules[2].expression: Duplicate value: "true"]',
    ],
    [
      { anonymous: { enabled: false, conditions: [{ path: '/x' }] } },
      'anonymous.conditions: Invalid value: [{"path":"/x"}]: enabled should be set to true when conditions are defined',
    ],
    [{ jwts: [] }, 'strict decoding error: unknown field "jwts"'],
  ])('%j gives its complaint', (top, expected) => {
    expect(complaint(top)).toBe(expected)
  })

  it('keeps who is anonymous while the server runs', () => {
    const first = read({ anonymous: { enabled: true } })
    expect(complaint({ anonymous: { enabled: true } }, first)).toBe('')
    expect(complaint({}, first)).toBe('anonymous: Forbidden: changed from initial configuration file')
  })
})
