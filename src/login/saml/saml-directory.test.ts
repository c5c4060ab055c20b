import { generateKeyPairSync } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { DirectoryError } from '../person.ts'
import { type AssertionChanges, TestIdentityProvider } from '../testing/identity-provider.ts'
import { SamlDirectory } from './saml-directory.ts'
import type { SamlSettings } from './saml-settings.ts'

const login = 'lAAAAAAAAAAAAAAAAAAAAAA'
const keyPair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
const [own, other] = [keyPair(), keyPair()]

const settings: SamlSettings = {
  ...{ name: 'sso', title: 'SSO', idpIssuer: 'https://idp.example', entryPoint: 'https://idp.example/sso' },
  ...{ certificates: [own.publicKey], entityId: 'https://login.example', clockSkewMs: 30_000 },
  callbackUrl: 'https://login.example/saml',
  ...{ usernameAttribute: 'uid', nameAttribute: 'cn', emailAttribute: 'mail', groupsAttribute: 'groups' },
}
const provider = (keys: typeof own = own): TestIdentityProvider =>
  new TestIdentityProvider({
    ...{ issuer: settings.idpIssuer, audience: settings.entityId, callbackUrl: settings.callbackUrl },
    ...{ keyPem: keys.privateKey, certificatePem: keys.publicKey },
  })
const attributes = { uid: ['zoe'], cn: ['Zoë'], mail: ['zoe@example.org'], groups: ['a', 'b & c'] }
const finish = (changes: AssertionChanges = {}) =>
  new SamlDirectory(settings).finish(login, provider().answer(login, { attributes, ...changes }))

describe('SamlDirectory', () => {
  it('begin() sends the browser to the identity provider, with the login as the ID of its request', async () => {
    const url = new URL(await new SamlDirectory(settings).begin(login))
    expect(url.origin + url.pathname).toBe(settings.entryPoint)
    expect(url.searchParams.get('RelayState')).toBe(`${login}.sso`)
    const request = inflateRawSync(
      Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64'),
    ).toString()
    expect(request).toContain(`ID="${login}"`)
    expect(request).toContain(`AssertionConsumerServiceURL="${settings.callbackUrl}"`)
  })

  it('finish() gives the person of a signed assertion', async () => {
    expect(await finish()).toEqual({
      ...{ id: 'zoe', username: 'zoe', displayName: 'Zoë', email: 'zoe@example.org', groups: ['a', 'b & c'] },
    })
  })

  const hourMs = 3_600_000
  const now = Date.now()
  const refused: Readonly<Record<string, AssertionChanges>> = {
    'nobody has signed': { signed: false },
    'is of another issuer': { issuer: 'https://other.example' },
    'is for another audience': { audience: 'https://other.example' },
    'is for another address': { recipient: 'https://other.example/saml' },
    'answers another login': { inResponseTo: 'lBBBB' },
    'answers no login, in a response that does': { inResponseTo: '' },
    'is in a response to another login': { responseTo: 'lBBBB' },
    'is over': { notOnOrAfterMs: now - hourMs },
    'is of the future': { notBeforeMs: now + hourMs },
    'is old, however long it says that it counts': { issuedMs: now - hourMs, notOnOrAfterMs: now + hourMs },
    'has no end': { edit: (xml) => xml.replaceAll(/ NotOnOrAfter="[^"]*"/g, '') },
    'is for nobody in particular': {
      edit: (xml) => xml.replace(/<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/, ''),
    },
    'has no conditions': { edit: (xml) => xml.replace(/<saml:Conditions.*<\/saml:Conditions>/, '') },
    'says of nobody that they have logged in': {
      edit: (xml) => xml.replace(/<saml:AuthnStatement[^>]*>/, ''),
    },
    'is not the bearer’s': { edit: (xml) => xml.replace('cm:bearer', 'cm:sender-vouches') },
    'has a second confirmation': {
      edit: (xml) =>
        xml.replace(/<saml:SubjectConfirmation .*<\/saml:SubjectConfirmation>/, (one) => one + one),
    },
    'is signed with SHA-1': { signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' },
    'has a digest of SHA-1': { digestAlgorithm: 'http://www.w3.org/2000/09/xmldsig#sha1' },
    'has no user name': { attributes: { groups: ['a'] } },
    'has two user names': { attributes: { uid: ['zoe', 'anna'] } },
    'has too many groups': {
      attributes: { ...attributes, groups: Array.from({ length: 501 }, (_, at) => `g${at}`) },
    },
  }
  for (const [what, changes] of Object.entries(refused))
    it(`finish() refuses an assertion that ${what}`, async () => {
      await expect(finish(changes)).rejects.toThrow(DirectoryError)
    })

  const refusedText = (response: string): Promise<void> =>
    expect(new SamlDirectory(settings).finish(login, response)).rejects.toThrow(DirectoryError)

  it('finish() refuses what another key has signed, or was changed since', async () => {
    await refusedText(provider(other).answer(login, { attributes }))
    const changed = provider().assertion(login, { attributes }).replace('>zoe<', '>anna<')
    await refusedText(provider().response(login, changed))
  })

  it('finish() refuses a second assertion beside the signed one, or around it', async () => {
    const signed = provider().assertion(login, { attributes })
    const forged = provider().assertion(login, { attributes: { uid: ['admin'] }, signed: false })
    await refusedText(provider().response(login, forged + signed))
    await refusedText(provider().response(login, signed + forged))
    await refusedText(
      provider().response(login, forged.replace('</saml:Assertion>', `${signed}</saml:Assertion>`)),
    )
    const moved = forged
      .replace('_assertion', '_forged')
      .replace('<saml:Subject>', `<saml:Advice>${signed}</saml:Advice><saml:Subject>`)
    await refusedText(provider().response(login, moved))
  })

  it('finish() reads a value with a comment in it as one', async () => {
    const split = (xml: string): string => xml.replace('>zoe<', '>zoe<!-- x -->.evil<')
    const person = await finish({ attributes: { uid: ['zoe'] }, edit: split }).catch(() => undefined)
    expect(person?.id).not.toBe('zoe')
  })

  it('finish() refuses what is no response, defines entities, or is too large', async () => {
    await refusedText('')
    await refusedText('nonsense')
    await refusedText(Buffer.from('<a/>').toString('base64'))
    const xml = Buffer.from(provider().answer(login, { attributes }), 'base64').toString()
    await refusedText(Buffer.from(`<!DOCTYPE a [<!ENTITY e "x">]>${xml}`).toString('base64'))
    await refusedText('A'.repeat(256 * 1024 + 1))
  })

  it('describe() tells the identity provider where its answers go', async () => {
    const text = await new SamlDirectory(settings).describe()
    expect(text).toContain(`entityID="${settings.entityId}"`)
    expect(text).toContain(settings.callbackUrl)
  })
})
