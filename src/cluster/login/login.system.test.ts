import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { realHost } from '../../base/host/real-host.ts'
import { freePort } from '../../base/host/testing/free-port.ts'
import { silentLogger } from '../../base/logger.ts'
import { createHttpsTransport } from '../../client/https/https-transport.ts'
import { TestIdentityProvider } from '../../login/testing/identity-provider.ts'
import { parseFlags } from '../components/flags/parse-flags.ts'
import { createAuthority, generateKey, issueCertificate, privateKeyPem } from '../pki/certificate.ts'
import { codeOf } from '../testing/code-of.ts'
import { serveApiOfFlags } from '../testing/serve-api-of-flags.ts'
import { type GetTokenOptions, getToken } from './client/get-token.ts'
import type { GivenTokens } from './client/issuer-client.ts'
import { loginServer } from './login-server.ts'
import { groupLdif, Slapd, searcher, suffix, userDn, userLdif, whyNoSlapd } from './testing/slapd.ts'
import { fieldOf, TestBrowser } from './testing/test-browser.ts'

const life = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 }
const authority = createAuthority(generateKey(), { subject: { commonName: 'company' }, ...life })
const serving = issueCertificate(authority, {
  ...{ subject: { commonName: 'company' }, usages: ['server'], names: ['127.0.0.1'], ...life },
})
const admin = issueCertificate(authority, {
  ...{ subject: { commonName: 'admin', organizations: ['system:masters'] }, usages: ['client'], ...life },
})
const entries = [
  userLdif({ uid: 'anna', password: 'a secret' }),
  userLdif({ uid: 'bert', password: 'b secret' }),
  userLdif({ uid: 'cleo', password: 'c secret' }),
  groupLdif('viewers', [userDn('anna'), userDn('cleo')]),
  groupLdif('system:masters', [userDn('bert')]),
].join('\n')
const partners = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const providerKeys = {
  keyPem: privateKeyPem(partners),
  certificatePem: createAuthority(partners, { subject: { commonName: 'partners' }, ...life }).certificatePem,
}
const providerName = 'https://idp.example/metadata'
const kubectls = (process.env.PATH ?? '').split(':').map((folder) => join(folder, 'kubectl'))
const whyNoKubectl = kubectls.some((file) => existsSync(file)) ? '' : '(needs kubectl)'

describe.skipIf(whyNoSlapd !== '')(`timonel login-server before a real OpenLDAP ${whyNoSlapd}`, () => {
  const stops: (() => Promise<void> | void)[] = []
  let folder: string
  let issuer: string
  let api: string
  let slapd: Slapd

  const write = (name: string, contents: string | object): string => {
    writeFileSync(join(folder, name), typeof contents === 'string' ? contents : stringify(contents))
    return join(folder, name)
  }

  async function startLogin(): Promise<void> {
    const port = await freePort()
    issuer = `https://127.0.0.1:${port}/people`
    const config = {
      ...{ apiVersion: 'login.timonel.dev/v1alpha1', kind: 'LoginConfiguration', issuer },
      clients: [{ id: 'kubectl', redirectURIs: ['http://127.0.0.1/callback'], passwordGrant: true }],
      directories: [
        {
          ...{ name: 'staff', prefix: 'staff:' },
          ldap: {
            url: `ldaps://127.0.0.1:${slapd.tlsPort}`,
            certificateAuthorityFile: write('ca.crt', authority.certificatePem),
            ...{ bindDN: searcher.dn, bindPasswordFile: write('reader', `${searcher.password}\n`) },
            users: { baseDN: suffix, filter: '(&(uid={username})(!(employeeType=left)))' },
            groups: { baseDN: suffix },
          },
        },
        {
          ...{ name: 'partners', prefix: 'partners:' },
          saml: {
            ...{ identityProvider: providerName, entryPoint: 'https://idp.example/sso' },
            certificateFile: write('idp.crt', providerKeys.certificatePem),
            ...{ usernameAttribute: 'uid', groupsAttribute: 'groups' },
          },
        },
      ],
    }
    const parsed = parseFlags('timonel login-server', loginServer.flags, [
      ...[
        `--config=${write('login.yaml', config)}`,
        `--key-dir=${join(folder, 'keys')}`,
        `--secure-port=${port}`,
      ],
      ...['--bind-address=127.0.0.1', `--tls-cert-file=${write('tls.crt', serving.certificatePem)}`],
      `--tls-private-key-file=${write('tls.key', serving.keyPem)}`,
    ])
    if (parsed.type !== 'run') throw new Error(`flags were taken for ${parsed.type}`)
    const { values, given } = parsed
    await loginServer.start(values, { logger: silentLogger, stops, given, lost: () => {} })
  }

  async function startApi(): Promise<void> {
    const authentication = {
      ...{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' },
      jwt: [
        {
          issuer: { url: issuer, audiences: ['kubectl'], certificateAuthority: authority.certificatePem },
          claimMappings: {
            username: { claim: 'preferred_username', prefix: '' },
            groups: { claim: 'groups', prefix: '' },
            uid: { claim: 'sub' },
          },
        },
      ],
    }
    const flags = [
      `--cert-dir=${folder}`,
      ...[`--tls-cert-file=${folder}/tls.crt`, `--tls-private-key-file=${folder}/tls.key`],
      ...['--service-account-issuer=https://kubernetes.default.svc', '--authorization-mode=RBAC'],
      `--service-account-key-file=${folder}/sa.key`,
      `--service-account-signing-key-file=${write('sa.key', privateKeyPem(generateKey()))}`,
      `--client-ca-file=${folder}/ca.crt`,
      `--authentication-config=${write('authentication.yaml', authentication)}`,
    ]
    api = `https://127.0.0.1:${await serveApiOfFlags(flags, stops)}`
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'timonel-login-'))
    slapd = await Slapd.start(entries, serving)
    stops.push(() => slapd.stop())
    await startLogin()
    await startApi()
    const client = createHttpsTransport({
      ...{ host: realHost, server: api, certificateAuthority: authority.certificatePem },
      ...{ clientCertificate: admin.certificatePem, clientKey: admin.keyPem },
    })
    stops.push(() => client.close())
    const group = 'rbac.authorization.k8s.io'
    const named = { apiVersion: `${group}/v1`, metadata: { name: 'viewers' } }
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }]
    const post = (resource: string, body: object) =>
      client.request({ method: 'POST', path: `/apis/${group}/v1/${resource}`, body })
    await post('clusterroles', { ...named, kind: 'ClusterRole', rules })
    await post('clusterrolebindings', {
      ...{ ...named, kind: 'ClusterRoleBinding' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'viewers' },
      subjects: ['staff:viewers', 'partners:viewers'].map((name) => ({
        apiGroup: group,
        kind: 'Group',
        name,
      })),
    })
    const { idToken } = await withPassword('anna', 'a secret')
    await vi.waitFor(async () => expect(await codeOf(api, configMaps, idToken)).toBe(200), 10_000)
  })
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const configMaps = '/api/v1/namespaces/default/configmaps'

  let caches = 0
  const options = (changes: Partial<GetTokenOptions> = {}): GetTokenOptions => ({
    ...{ issuer, clientId: 'kubectl', certificateAuthority: join(folder, 'ca.crt'), port: 0 },
    ...{ cacheFolder: join(folder, `cache-${caches++}`), interactive: true },
    show: () => expect.fail('a browser is not needed'),
    ...changes,
  })
  const withPassword = (username: string, password: string): Promise<GivenTokens> =>
    getToken(options({ password: { username, file: write(`password-${username}`, `${password}\n`) } }))

  it('a directory’s people may what RBAC gives their groups', async () => {
    const anna = await withPassword('anna', 'a secret')
    expect(await codeOf(api, configMaps, anna.idToken)).toBe(200)
    expect(await codeOf(api, '/api/v1/namespaces/default/secrets', anna.idToken)).toBe(403)
    expect(await codeOf(api, configMaps, `${anna.idToken}x`)).toBe(401)
  })

  it('a directory’s group cannot be one of Kubernetes’ own', async () => {
    const bert = await withPassword('bert', 'b secret')
    expect(await codeOf(api, configMaps, bert.idToken)).toBe(403)
  })

  it('a wrong password gives nothing', async () => {
    await expect(withPassword('anna', 'b secret')).rejects.toThrow('the user name or the password is wrong')
    await expect(withPassword('anna', '')).rejects.toThrow('the user name or the password is wrong')
  })

  async function inBrowser(url: string): Promise<void> {
    const browser = new TestBrowser(authority.certificatePem)
    const form = await browser.open(url)
    const common = { login: fieldOf(form, 'login'), directory: 'staff', username: 'cleo' }
    const wrong = await browser.open(`${issuer}/login`, { ...common, password: 'wrong' })
    expect(wrong.status).toBe(401)
    const stranger = await new TestBrowser(authority.certificatePem).open(`${issuer}/login`, {
      ...common,
      password: 'c secret',
    })
    expect(stranger.status).toBe(400)
    const done = await browser.open(`${issuer}/login`, { ...common, password: 'c secret' })
    expect(done.status).toBe(303)
    expect((await browser.open(`${issuer}/login`, { ...common, password: 'c secret' })).status).toBe(400)
    expect((await fetch(done.location)).status).toBe(200)
  }

  it('a browser logs in, and tokens are refreshed until the directory forgets the person', async () => {
    const cacheFolder = join(folder, 'browser-cache')
    let logins = 0
    const show = (url: string): void => {
      logins++
      inBrowser(url).catch((error: unknown) => expect.fail(String(error)))
    }
    const first = await getToken(options({ cacheFolder, show }))
    expect(await codeOf(api, configMaps, first.idToken)).toBe(200)
    const [file = ''] = readdirSync(cacheFolder)
    expect(statSync(join(cacheFolder, file)).mode & 0o777).toBe(0o600)
    const expired = (tokens: GivenTokens): void =>
      writeFileSync(join(cacheFolder, file), JSON.stringify({ ...tokens, expiresMs: 0 }))
    expired(first)
    const second = await getToken(options({ cacheFolder, show }))
    expect(second.refreshToken).not.toBe(first.refreshToken)
    expect(await codeOf(api, configMaps, second.idToken)).toBe(200)
    expect(logins).toBe(1)
    slapd.modify(`dn: ${userDn('cleo')}\nchangetype: modify\nadd: employeeType\nemployeeType: left\n`)
    expired(second)
    await expect(getToken(options({ cacheFolder, interactive: false }))).rejects.toThrow(/nobody is there/)
  })

  /** What a browser does that an identity provider sends back with its word for `groups`. */
  async function throughProvider(url: string, groups: readonly string[]): Promise<void> {
    const browser = new TestBrowser(authority.certificatePem)
    const login = fieldOf(await browser.open(url), 'login')
    const query = new URLSearchParams({ login, directory: 'partners' })
    const { location } = await browser.open(`${issuer}/login/elsewhere?${query}`)
    const { origin, searchParams } = new URL(location)
    expect(origin).toBe('https://idp.example')
    const provider = new TestIdentityProvider({
      ...{ ...providerKeys, issuer: providerName, audience: issuer, callbackUrl: `${issuer}/saml` },
    })
    const SAMLResponse = provider.answer(login, { attributes: { uid: ['zoe'], groups } })
    const RelayState = searchParams.get('RelayState') ?? ''
    const done = await browser.open(`${issuer}/saml`, { RelayState, SAMLResponse })
    expect(done.status).toBe(303)
    expect((await fetch(done.location)).status).toBe(200)
  }

  it.each([
    ['viewers', 200],
    ['others', 403],
  ])(
    'an identity provider’s people in %s get a token that the API server answers with %i',
    async (group, code) => {
      const show = (url: string): void => {
        throughProvider(url, [group]).catch((error: unknown) => expect.fail(String(error)))
      }
      const zoe = await getToken(options({ show }))
      expect(zoe.refreshToken).toBeUndefined()
      expect(await codeOf(api, configMaps, zoe.idToken)).toBe(code)
    },
  )

  it.skipIf(whyNoKubectl !== '')(`kubectl runs timonel login ${whyNoKubectl}`, async () => {
    const args = [
      ...[
        resolve('src/cli/main.ts'),
        'login',
        `--issuer=${issuer}`,
        '--client-id=kubectl',
        '--username=anna',
      ],
      ...[`--certificate-authority=${folder}/ca.crt`, `--password-file=${write('anna', 'a secret')}`],
      `--cache-dir=${folder}/kubectl`,
    ]
    const exec = {
      ...{ apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args },
      interactiveMode: 'IfAvailable',
    }
    const config = write('kubeconfig', {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
      clusters: [
        {
          name: 'c',
          cluster: { server: api, 'certificate-authority': `${folder}/ca.crt` },
        },
      ],
      users: [{ name: 'u', user: { exec } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    })
    const kubectl = (...command: readonly string[]) =>
      promisify(execFile)('kubectl', [`--kubeconfig=${config}`, ...command], { cwd: folder })
    expect((await kubectl('get', 'configmaps')).stderr).toContain('No resources found')
    await expect(kubectl('get', 'secrets')).rejects.toThrow(
      /User "staff:anna" cannot list resource "secrets"/,
    )
  })
})
