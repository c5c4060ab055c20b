import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseToken } from '../apiserver/authentication/jwt.ts'
import { fakeRequest } from '../apiserver/testing/fake-request.ts'
import { realHost } from '../base/host/real-host.ts'
import { silentLogger } from '../base/logger.ts'
import { VirtualHost } from '../base/virtual-host.ts'
import { LoginService } from './login-service.ts'
import { SigningKeys } from './oidc/signing-keys.ts'
import type { Directory } from './person.ts'
import { FakeDirectory, FakeRedirectDirectory } from './testing/fake-directory.ts'
import { fakeKeyMaker, fakeKeyStore } from './testing/fake-keys.ts'

const issuer = 'https://login.example/people'
const verifier = 'v'.repeat(43)
const asked = {
  ...{ client_id: 'kubectl', redirect_uri: 'http://127.0.0.1:8000/callback', response_type: 'code' },
  ...{
    scope: 'openid offline_access',
    state: 'the state',
    nonce: 'the nonce',
    code_challenge_method: 'S256',
  },
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

let host: VirtualHost
let staff: FakeDirectory
let service: LoginService
let cookie = ''

function serve(...directories: readonly Directory[]): LoginService {
  const keyTimes = { rotationMs: 86_400_000, aheadMs: 1_200_000, behindMs: 900_000 }
  const keys = new SigningKeys({
    ...{ host, logger: silentLogger, store: fakeKeyStore(), maker: fakeKeyMaker(), times: keyTimes },
  })
  const client = { redirectUris: ['http://127.0.0.1/callback', 'https://app.example/back'] }
  return new LoginService({
    ...{ host, logger: silentLogger, keys },
    settings: {
      ...{ issuer, tokenLifeMs: 600_000, sessionLifeMs: 3_600_000, keyTimes, keysMaxAgeMs: 600_000 },
      clients: new Map([
        ['kubectl', { id: 'kubectl', passwordGrant: true, ...client }],
        ['web', { id: 'web', passwordGrant: false, ...client }],
      ]),
      directories: new Map(
        directories.map((directory, index) => [
          directory.name,
          { directory, prefix: index === 0 ? '' : `${directory.name}:` },
        ]),
      ),
    },
  })
}

beforeEach(() => {
  host = new VirtualHost({ seed: 1, hop: () => realHost.nextTurn(), sha256: (data) => realHost.sha256(data) })
  staff = new FakeDirectory('staff')
  staff.add('anna', 'a secret', ['developers', 'system:masters'])
  staff.add('system:admin', 'a secret')
  service = serve(staff)
  cookie = ''
})

/** `path` is below the issuer's. */
async function call(path: string, form?: Readonly<Record<string, string>>): Promise<Answer> {
  const answer = await service.handle(
    fakeRequest({
      method: form === undefined ? 'GET' : 'POST',
      target: `/people${path}`,
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
      ...(form === undefined ? {} : { body: new TextEncoder().encode(String(new URLSearchParams(form))) }),
    }),
  )
  if (answer.type !== 'bytes') throw new Error(`an answer of type ${answer.type}`)
  const headers = answer.headers ?? {}
  cookie = headers['set-cookie']?.split(';')[0] ?? cookie
  return {
    status: answer.status,
    headers,
    text: answer.chunks.map((chunk) => new TextDecoder().decode(chunk)).join(''),
  }
}

const authorize = (changes: object = {}): Promise<Answer> =>
  call(`/authorize?${new URLSearchParams({ ...asked, ...changes })}`)

async function begin(changes: object = {}): Promise<Record<string, string>> {
  const { text } = await authorize(changes)
  return { login: /name="login" value="([^"]*)"/.exec(text)?.[1] ?? '', directory: 'staff', username: 'anna' }
}

async function codeOf(changes: object = {}): Promise<string> {
  const form = await begin(changes)
  const { headers } = await call('/login', { ...form, password: 'a secret' })
  return new URL(headers['location'] ?? '').searchParams.get('code') ?? ''
}

const byCode = (code: string, changes: object = {}): Promise<Answer> =>
  call('/token', {
    ...{ client_id: 'kubectl', grant_type: 'authorization_code', code, code_verifier: verifier },
    redirect_uri: asked.redirect_uri,
    ...changes,
  })

const byRefresh = (refresh_token: string, client_id = 'kubectl'): Promise<Answer> =>
  call('/token', { client_id, grant_type: 'refresh_token', refresh_token })

const claimsOf = ({ text }: Answer): Readonly<Record<string, unknown>> =>
  parseToken(JSON.parse(text).id_token)?.payload ?? {}

describe('LoginService: the authorization code flow', () => {
  it('ends in an ID token with groups, without those that are Kubernetes’ own', async () => {
    const answer = await byCode(await codeOf())
    expect(answer.status).toBe(200)
    expect(claimsOf(answer)).toMatchObject({
      ...{ iss: issuer, aud: 'kubectl', sub: 'staff:id-anna', nonce: 'the nonce' },
      ...{ preferred_username: 'anna', groups: ['developers'] },
      exp: Math.floor(host.now() / 1000) + 600,
    })
  })

  it('sends the answer with its state and issuer to where it was asked for', async () => {
    const { headers, status } = await call('/login', { ...(await begin()), password: 'a secret' })
    const place = new URL(headers['location'] ?? '')
    expect(status).toBe(303)
    expect(place.origin + place.pathname).toBe('http://127.0.0.1:8000/callback')
    expect(place.searchParams.get('state')).toBe('the state')
    expect(place.searchParams.get('iss')).toBe(issuer)
  })

  it('sends nobody to a place that the client does not have', async () => {
    for (const redirect_uri of [
      ...[
        'http://127.0.0.1:8000/other',
        'http://127.0.0.1.evil.example/callback',
        'https://app.example:444/back',
      ],
      ...['http://user@127.0.0.1/callback', 'https://app.example/back?x=1', 'http://[::1]/callback', ''],
    ]) {
      const answer = await authorize({ redirect_uri })
      expect([redirect_uri, answer.status, answer.headers['location']]).toEqual([
        redirect_uri,
        400,
        undefined,
      ])
    }
    expect((await authorize({ client_id: 'unknown' })).status).toBe(401)
  })

  it('tells the client what of its request is wrong', async () => {
    const wrongs = [
      [{ response_type: 'token' }, 'unsupported_response_type'],
      [{ scope: 'email' }, 'invalid_scope'],
      [{ code_challenge_method: 'plain' }, 'invalid_request'],
      [{ code_challenge: 'short' }, 'invalid_request'],
      [{ state: 'x'.repeat(1_001) }, 'invalid_request'],
      [{ prompt: 'none' }, 'login_required'],
    ] as const
    for (const [changes, error] of wrongs) {
      const { headers } = await authorize(changes)
      expect(new URL(headers['location'] ?? '').searchParams.get('error')).toBe(error)
    }
  })

  it('takes a code once, from its own client, with the verifier and for the same place', async () => {
    for (const changes of [
      { code_verifier: 'x'.repeat(43) },
      { client_id: 'web' },
      { redirect_uri: 'https://app.example/back' },
    ])
      expect((await byCode(await codeOf(), changes)).status).toBe(400)
    expect((await byCode('nonsense')).status).toBe(400)
    const late = await codeOf()
    await host.advance(60_000)
    expect((await byCode(late)).status).toBe(400)
  })

  it('ends the session of a code that comes twice', async () => {
    const code = await codeOf()
    const { refresh_token } = JSON.parse((await byCode(code)).text)
    expect((await byCode(code)).status).toBe(400)
    expect((await byRefresh(refresh_token)).status).toBe(400)
  })

  it('takes a login from its own browser alone, and for ten minutes', async () => {
    const form = { ...(await begin()), password: 'a secret' }
    const own = cookie
    for (const wrong of [
      '',
      own.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      own.replace('=', '=e30.'),
    ]) {
      cookie = wrong
      expect((await call('/login', form)).status).toBe(400)
    }
    cookie = own
    await host.advance(600_000)
    expect((await call('/login', form)).status).toBe(400)
  })

  it('shows no name unescaped', async () => {
    service = serve(new FakeDirectory('<b>&"staff'))
    expect((await authorize()).text).toContain('&lt;b&gt;&amp;&quot;staff')
  })
})

describe('LoginService: passwords', () => {
  const byPassword = (username: string, password: string, changes: object = {}): Promise<Answer> =>
    call('/token', {
      client_id: 'kubectl',
      grant_type: 'password',
      scope: 'openid',
      username,
      password,
      ...changes,
    })

  it('are taken from clients that may', async () => {
    expect((await byPassword('anna', 'a secret')).status).toBe(200)
    const refused = await byPassword('anna', 'a secret', { client_id: 'web' })
    expect(JSON.parse(refused.text).error).toBe('unauthorized_client')
  })

  it('let nobody in under a name that is Kubernetes’ own', async () => {
    expect((await byPassword('system:admin', 'a secret')).status).toBe(400)
  })

  it('let nobody in under a name, or with a group, that is another directory’s', async () => {
    const guests = new FakeDirectory('guests')
    guests.add('zoe', 'g secret', ['admins'])
    staff.add('guests:zoe', 'a secret')
    staff.add('bert', 'b secret', ['guests:admins', 'developers'])
    service = serve(staff, guests)
    const directory = 'staff'
    expect((await byPassword('guests:zoe', 'a secret', { directory })).status).toBe(400)
    expect(claimsOf(await byPassword('bert', 'b secret', { directory })).groups).toEqual(['developers'])
    const zoe = claimsOf(await byPassword('zoe', 'g secret', { directory: 'guests' }))
    expect(zoe).toMatchObject({ preferred_username: 'guests:zoe', groups: ['guests:admins'] })
  })

  it('are tried ten times at once, then slowly, and nobody is locked out', async () => {
    for (let attempt = 0; attempt < 10; attempt++)
      expect((await byPassword('Anna', 'wrong')).status).toBe(400)
    const answer = await byPassword('anna', 'a secret')
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '6'])
    await host.advance(6_000)
    expect((await byPassword('anna', 'a secret')).status).toBe(200)
  })

  it('are counted together for all that a directory takes for one name', async () => {
    const spellings = ['anna', 'ANNA ', '  anna', 'a\u00adnna', 'ａｎｎａ', 'änna', 'ann\u200ba', 'anna\0']
    for (const spelling of [...spellings, 'Anna', 'aNNa'])
      expect((await byPassword(spelling, 'wrong')).status).toBe(400)
    expect((await byPassword('anna\t', 'wrong')).status).toBe(429)
  })

  it('of a directory that cannot be asked are neither right nor wrong', async () => {
    staff.isUp = false
    expect((await byPassword('anna', 'a secret')).status).toBe(503)
    expect((await call('/login', { ...(await begin()), password: 'a secret' })).status).toBe(503)
  })
})

describe('LoginService: sessions', () => {
  const session = async (): Promise<string> => JSON.parse((await byCode(await codeOf())).text).refresh_token
  const refreshed = async (token: string): Promise<string> =>
    JSON.parse((await byRefresh(token)).text).refresh_token

  it('give new tokens with what the directory says now, for as long as they last', async () => {
    let token = await session()
    staff.add('anna', 'a secret', ['managers'])
    const answer = await byRefresh(token)
    expect(claimsOf(answer)).toMatchObject({ groups: ['managers'] })
    token = JSON.parse(answer.text).refresh_token
    await host.advance(3_500_000)
    token = await refreshed(token)
    await host.advance(100_000)
    expect((await byRefresh(token)).status).toBe(400)
  })

  it('end when a refresh token comes twice', async () => {
    const first = await session()
    const second = await refreshed(first)
    expect((await byRefresh(first)).status).toBe(400)
    expect((await byRefresh(second)).status).toBe(400)
  })

  it('end with the person, and are no other client’s', async () => {
    expect((await byRefresh(await session(), 'web')).status).toBe(400)
    const token = await session()
    staff.people.clear()
    expect((await byRefresh(token)).status).toBe(400)
    staff.add('anna', 'a secret')
    expect((await byRefresh(token)).status).toBe(400)
  })

  it('outlast a directory that cannot be asked for a while', async () => {
    const token = await session()
    staff.isUp = false
    expect((await byRefresh(token)).status).toBe(503)
    staff.isUp = true
    expect((await byRefresh(token)).status).toBe(200)
  })

  it('end when they are revoked, and do not begin unasked', async () => {
    const token = await session()
    expect((await call('/revoke', { client_id: 'kubectl', token })).status).toBe(200)
    expect((await byRefresh(token)).status).toBe(400)
    const answer = await byCode(await codeOf({ scope: 'openid' }))
    expect(JSON.parse(answer.text)).not.toHaveProperty('refresh_token')
  })
})

it('LoginService answers in time, whatever a directory does', async () => {
  const form = await begin()
  staff.authenticate = () => new Promise(() => {})
  const answer = call('/login', { ...form, password: 'a secret' })
  await host.advance(60_000)
  expect(await answer).toMatchObject({
    status: 503,
    text: expect.stringContaining('the request took too long'),
  })
})

describe('LoginService: logins elsewhere', () => {
  beforeEach(() => {
    service = serve(new FakeRedirectDirectory('sso'))
  })

  const elsewhere = async (): Promise<string> =>
    new URL((await authorize()).headers['location'] ?? '').searchParams.get('login') ?? ''

  it('end in a token without a session, once', async () => {
    const login = await elsewhere()
    const back = { RelayState: `${login}.sso`, SAMLResponse: 'zoe' }
    const own = cookie
    const { headers } = await call('/saml', back)
    const code = new URL(headers['location'] ?? '').searchParams.get('code') ?? ''
    const answer = await byCode(code)
    expect(claimsOf(answer)).toMatchObject({ sub: 'sso:zoe' })
    expect(JSON.parse(answer.text)).not.toHaveProperty('refresh_token')
    cookie = own
    expect((await call('/saml', back)).status).toBe(400)
  })

  it('are refused where what comes back does not count, or comes from another browser', async () => {
    const login = await elsewhere()
    expect((await call('/saml', { RelayState: `${login}.sso`, SAMLResponse: 'bad' })).status).toBe(400)
    expect((await call('/saml', { RelayState: `${login}.other`, SAMLResponse: 'zoe' })).status).toBe(400)
    cookie = ''
    expect((await call('/saml', { RelayState: `${login}.sso`, SAMLResponse: 'zoe' })).status).toBe(400)
  })
})

it('LoginService says where everything is, and nothing else', async () => {
  const { text } = await call('/.well-known/openid-configuration')
  expect(JSON.parse(text)).toMatchObject({
    issuer,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
  })
  expect(JSON.parse((await call('/keys')).text)).toEqual({ keys: [{ kid: 'key-1' }] })
  expect((await call('/nothing')).status).toBe(404)
  expect((await call('/token')).status).toBe(405)
})
