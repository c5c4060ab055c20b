import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LdapDirectory } from '../../login/ldap/ldap-directory.ts'
import type { LdapSettings } from '../../login/ldap/ldap-settings.ts'
import { DirectoryError } from '../../login/person.ts'
import { createAuthority, generateKey, issueCertificate } from '../pki/certificate.ts'
import { groupDn, groupLdif, Slapd, searcher, suffix, userDn, userLdif, whyNoSlapd } from './testing/slapd.ts'

const life = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 }
const authority = createAuthority(generateKey(), { subject: { commonName: 'directory' }, ...life })
const serving = issueCertificate(authority, {
  ...{ subject: { commonName: 'ldap' }, usages: ['server'], names: ['127.0.0.1'], ...life },
})

const manyGroups = Array.from({ length: 501 }, (_, index) => groupLdif(`many-${index}`, [userDn('joiner')]))

const entries = [
  userLdif({ uid: 'anna', password: 'a secret', name: 'Anna Ånäs' }),
  userLdif({ uid: 'bert', password: 'b secret' }),
  userLdif({ uid: 'joiner', password: 'j secret' }),
  userLdif({ uid: 'o*(dd)', password: 'o secret' }),
  groupLdif('developers', [userDn('anna'), userDn('bert')]),
  groupLdif('engineers', [groupDn('developers')]),
  groupLdif('staff', [groupDn('engineers'), groupDn('circle')]),
  groupLdif('circle', [groupDn('staff')]),
  ...manyGroups,
].join('\n')

describe.skipIf(whyNoSlapd !== '')(`LdapDirectory on a real OpenLDAP ${whyNoSlapd}`, () => {
  let slapd: Slapd
  beforeAll(async () => {
    slapd = await Slapd.start(entries, serving)
  })
  afterAll(() => slapd.stop())

  const directory = (changes: Partial<LdapSettings> = {}): LdapDirectory =>
    new LdapDirectory({
      ...{ name: 'test', title: 'Test', host: '127.0.0.1', port: slapd.tlsPort, security: 'tls' },
      certificateAuthority: authority.certificatePem,
      searcher: { dn: searcher.dn, password: () => searcher.password },
      users: {
        baseDn: suffix,
        filter: '(&(objectClass=inetOrgPerson)(uid={username}))',
        ...{
          usernameAttribute: 'uid',
          idAttribute: 'entryUUID',
          nameAttribute: 'cn',
          emailAttribute: 'mail',
        },
      },
      groups: { baseDn: suffix, filter: '(member={dn})', nameAttribute: 'cn', nested: false },
      timeoutMs: 5_000,
      ...changes,
    })

  it('authenticate() gives a person with the groups that they are in', async () => {
    const anna = await directory().authenticate('ANNA', 'a secret')
    expect(anna).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-/),
      username: 'anna',
      displayName: 'Anna Ånäs',
      email: 'anna@example.org',
      groups: ['developers'],
    })
  })

  it('authenticate() knows nobody by a wrong password, none, or a name that nobody has', async () => {
    const attempts = [
      ['anna', 'b secret'],
      ['anna', ''],
      ['nobody', 'a secret'],
      ['', 'a secret'],
      [userDn('anna'), 'a secret'],
    ] as const
    for (const [username, password] of attempts)
      expect(await directory().authenticate(username, password)).toBeUndefined()
  })

  it('takes what is typed as a name, never as a filter', async () => {
    for (const name of ['*', 'ann*', 'anna)(uid=*', '*)(objectClass=*', 'anna\\2a', 'anna\0', '\\61nna'])
      expect(await directory().authenticate(name, 'a secret')).toBeUndefined()
    expect(await directory().authenticate('o*(dd)', 'o secret')).toMatchObject({ username: 'o*(dd)' })
  })

  it('finds groups of groups, also where they go in a circle', async () => {
    const nested = directory({
      groups: { baseDn: suffix, filter: '(member={dn})', nameAttribute: 'cn', nested: true },
    })
    const anna = await nested.authenticate('anna', 'a secret')
    expect(anna?.groups.toSorted()).toEqual(['circle', 'developers', 'engineers', 'staff'])
  })

  it('refuses to leave groups out: too many are an error', async () => {
    await expect(directory().authenticate('joiner', 'j secret')).rejects.toThrow(/more than 500 entries/)
  })

  it('refuses a filter that finds several people', async () => {
    const users = {
      baseDn: suffix,
      filter: '(|(uid={username})(uid=bert))',
      ...{ usernameAttribute: 'uid', idAttribute: 'entryUUID', nameAttribute: 'cn', emailAttribute: 'mail' },
    }
    await expect(directory({ users }).authenticate('anna', 'a secret')).rejects.toThrow(/more than 1 entries/)
  })

  it('asks over StartTLS', async () => {
    const settings = { port: slapd.port, security: 'starttls' } as const
    expect(await directory(settings).authenticate('bert', 'b secret')).toMatchObject({ username: 'bert' })
    await expect(
      directory({ ...settings, certificateAuthority: issuedByAnother }).authenticate('bert', 'b secret'),
    ).rejects.toThrow(DirectoryError)
  })

  it('trusts no server but one that its authority has signed for that name', async () => {
    await expect(
      directory({ certificateAuthority: issuedByAnother }).authenticate('bert', 'b secret'),
    ).rejects.toThrow(/certificate/)
    await expect(directory({ host: 'localhost' }).authenticate('bert', 'b secret')).rejects.toThrow(
      /localhost/,
    )
  })

  it('says when the searcher may not log in', async () => {
    const wrong = directory({ searcher: { dn: searcher.dn, password: () => 'wrong' } })
    await expect(wrong.authenticate('anna', 'a secret')).rejects.toThrow(/password of cn=reader.* is wrong/)
  })

  it('lookUp() gives the person as they are now, and nobody once the name belongs to another', async () => {
    const bert = await directory().authenticate('bert', 'b secret')
    expect(await directory().lookUp({ id: bert?.id ?? '', username: 'bert' })).toEqual(bert)
    expect(await directory().lookUp({ id: 'another', username: 'bert' })).toBeUndefined()
    expect(await directory().lookUp({ id: bert?.id ?? '', username: 'gone' })).toBeUndefined()
  })

  it('waits for a server that says nothing no longer than it is told to', async () => {
    const silent = createServer(() => {})
    const port = await listen(silent)
    for (const security of ['tls', 'starttls', 'none'] as const)
      await expect(directory({ port, security, timeoutMs: 100 }).authenticate('anna', 'x')).rejects.toThrow(
        DirectoryError,
      )
    silent.close()
  })

  it('believes nothing that comes in clear behind the answer to StartTLS', async () => {
    const answer = Buffer.from('300c02010178070a010004000400', 'hex')
    const bindSuccess = Buffer.from('300c02010261070a010004000400', 'hex')
    const server = createServer((socket) =>
      socket.on('error', () => {}).once('data', () => socket.write(Buffer.concat([answer, bindSuccess]))),
    )
    const port = await listen(server)
    await expect(directory({ port, security: 'starttls' }).authenticate('anna', 'a secret')).rejects.toThrow(
      /more than the answer to StartTLS/,
    )
    server.close()
  })
})

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const issuedByAnother = createAuthority(generateKey(), {
  subject: { commonName: 'another' },
  ...life,
}).certificatePem
