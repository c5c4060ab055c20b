import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../../../base/host/testing/free-port.ts'
import type { KeyPair } from '../../pki/certificate.ts'

const program = '/usr/sbin/slapd'
const schemas = '/etc/ldap/schema'

/** Why there is no OpenLDAP server for tests; '' where there is one. */
export const whyNoSlapd =
  existsSync(program) && existsSync(`${schemas}/inetorgperson.schema`) ? '' : '(needs slapd of Debian)'

export const suffix = 'dc=example,dc=org'
export const searcher = { dn: `cn=reader,${suffix}`, password: 'reads everything' }

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return connected
}

/** An OpenLDAP server with a folder and ports of its own. */
export class Slapd {
  readonly port: number
  readonly tlsPort: number
  readonly #folder: string
  readonly #process: ChildProcess

  private constructor(folder: string, port: number, tlsPort: number) {
    this.port = port
    this.tlsPort = tlsPort
    this.#folder = folder
    const urls = `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${tlsPort}`
    this.#process = spawn(program, ['-d', '0', '-f', join(folder, 'slapd.conf'), '-h', urls], {
      stdio: 'ignore',
    })
  }

  /** `entries`: LDIF below `suffix`. Who searches as `searcher` may read everything but passwords, nobody else anything. */
  static async start(entries: string, serving: KeyPair): Promise<Slapd> {
    const folder = mkdtempSync(join(tmpdir(), 'timonel-slapd-'))
    const file = (name: string, contents: string): string => {
      writeFileSync(join(folder, name), contents, { mode: 0o600 })
      return join(folder, name)
    }
    mkdirSync(join(folder, 'db'))
    const certificate = file('server.crt', serving.certificatePem)
    const key = file('server.key', serving.keyPem)
    const configuration = file(
      'slapd.conf',
      `${['core', 'cosine', 'inetorgperson'].map((name) => `include ${schemas}/${name}.schema`).join('\n')}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${folder}/pid
TLSCertificateFile ${certificate}
TLSCertificateKeyFile ${key}
sizelimit unlimited
database mdb
suffix "${suffix}"
directory ${folder}/db
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${searcher.dn}" read by anonymous auth by * none
`,
    )
    const top = `dn: ${suffix}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ${searcher.dn}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: ${searcher.password}
`
    execFileSync('/usr/sbin/slapadd', ['-f', configuration, '-l', file('entries.ldif', `${top}\n${entries}`)])
    const slapd = new Slapd(folder, await freePort(), await freePort())
    while (!(await isListening(slapd.port))) {
      if (slapd.#process.exitCode !== null) throw new Error('slapd has ended')
      await wait(20)
    }
    return slapd
  }

  /** Changes entries: LDIF as ldapmodify takes it. */
  modify(changes: string): void {
    execFileSync('/usr/sbin/slapmodify', ['-f', join(this.#folder, 'slapd.conf')], { input: changes })
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      this.#process.kill()
      await once(this.#process, 'exit')
    }
    rmSync(this.#folder, { recursive: true })
  }
}

export interface TestUser {
  readonly uid: string
  readonly password: string
  readonly name?: string
}

export const userDn = (uid: string): string => `uid=${uid},${suffix}`
export const groupDn = (name: string): string => `cn=${name},${suffix}`

export const userLdif = ({ uid, password, name = uid }: TestUser): string => `dn: ${userDn(uid)}
objectClass: inetOrgPerson
uid: ${uid}
cn: ${name}
sn: ${name}
mail: ${uid}@example.org
userPassword: ${password}
`

export const groupLdif = (name: string, members: readonly string[]): string => `dn: ${groupDn(name)}
objectClass: groupOfNames
cn: ${name}
${members.map((member) => `member: ${member}`).join('\n')}
`
