import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realHost } from '../../../base/host/real-host.ts'
import { freePort } from '../../../base/host/testing/free-port.ts'
import { createAuthority, generateKey, issueCertificate } from '../../../cluster/pki/certificate.ts'
import type { EtcdServers } from '../etcd-connection.ts'

/** Why there is no etcd here, '' when there is. */
export const whyNoEtcd =
  spawnSync('etcd', ['--version'], { stdio: 'ignore' }).status === 0
    ? ''
    : '(needs etcd: apt-get install etcd-server)'

const dayMs = 24 * 60 * 60 * 1000

/** Certificates of etcd and of its clients, as files below `folder`. */
function makeTls(folder: string) {
  const life = { notBeforeMs: realHost.now() - dayMs, notAfterMs: realHost.now() + dayMs }
  const authority = createAuthority(generateKey(), { subject: { commonName: 'etcd-ca' }, ...life })
  const names = ['127.0.0.1', 'localhost']
  const server = issueCertificate(authority, {
    subject: { commonName: 'etcd' },
    usages: ['server', 'client'],
    names,
    ...life,
  })
  const client = issueCertificate(authority, {
    subject: { commonName: 'apiserver' },
    usages: ['client'],
    ...life,
  })
  const files = {
    ca: authority.certificatePem,
    server: server.certificatePem,
    'server-key': server.keyPem,
    client: client.certificatePem,
    'client-key': client.keyPem,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.pem`), text)
  return {
    certificateAuthority: authority.certificatePem,
    certificate: client.certificatePem,
    key: client.keyPem,
  }
}

/** A member of a real etcd, over TLS, with a data directory that outlives its process. */
export class EtcdProcess {
  readonly servers: EtcdServers
  /** Certificates are `ca.pem`, `client.pem`, `client-key.pem` in here. */
  readonly folder: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined

  private constructor(folder: string, servers: EtcdServers, args: readonly string[]) {
    this.folder = folder
    this.servers = servers
    this.#args = args
  }

  static async start(extra: readonly string[] = []): Promise<EtcdProcess> {
    const [etcd] = await EtcdProcess.startCluster(1, extra)
    if (etcd === undefined) throw new Error('no member')
    return etcd
  }

  /** Members of one cluster; the folder of their certificates is that of the first. */
  static async startCluster(size: number, extra: readonly string[] = []): Promise<readonly EtcdProcess[]> {
    const folder = mkdtempSync(join(tmpdir(), 'timonel-etcd-'))
    const tls = makeTls(folder)
    const places: { readonly name: string; readonly url: string; readonly peer: string }[] = []
    for (let index = 0; index < size; index++) {
      const [url, peer] = [`https://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`]
      places.push({ name: `member-${index}`, url, peer })
    }
    const servers = { urls: places.map(({ url }) => url), tls }
    const members = places.map(({ name, url, peer }) => {
      const args = [
        ...['--name', name, '--data-dir', join(folder, name), '--logger', 'zap', '--log-level', 'error'],
        ...['--listen-client-urls', url, '--advertise-client-urls', url],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ...['--initial-cluster', places.map((each) => `${each.name}=${each.peer}`).join(',')],
        ...['--client-cert-auth', '--trusted-ca-file', join(folder, 'ca.pem')],
        ...['--cert-file', join(folder, 'server.pem'), '--key-file', join(folder, 'server-key.pem')],
        ...['--heartbeat-interval', '10', '--election-timeout', '50', '--max-request-bytes', '8388608'],
        ...extra,
      ]
      return new EtcdProcess(folder, servers, args)
    })
    for (const member of members) member.run()
    return members
  }

  /** Starts the process; who connects waits until it answers. */
  run(): void {
    this.#child = spawn('etcd', this.#args, { stdio: 'ignore' })
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  async dispose(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
