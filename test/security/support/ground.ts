import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realHost } from '../../../src/base/host/real-host.ts'
import { createHttpsTransport } from '../../../src/client/https/https-transport.ts'
import { type KubeconfigContext, parseKubeconfig } from '../../../src/client/https/kubeconfig.ts'
import { Cluster } from '../../../src/cluster/index.ts'
import { issueCertificate, type KeyPair } from '../../../src/cluster/pki/certificate.ts'
import { Api } from '../../conformance/support/api.ts'
import { type Answer, type Attempt, send } from './send.ts'

export const issuer = 'https://kubernetes.default.svc.cluster.local'

const hourMs = 3_600_000

/** A cluster, its administrator, and what an adversary who had its keys could make. */
export class Ground {
  readonly cluster: Cluster
  readonly api: Api
  readonly to: KubeconfigContext
  readonly #folder: string

  private constructor(cluster: Cluster, folder: string) {
    this.cluster = cluster
    this.#folder = folder
    this.to = parseKubeconfig(cluster.kubeconfig, '/')
    this.api = new Api(createHttpsTransport({ host: realHost, ...this.to }))
  }

  static async start(nodes = 2): Promise<Ground> {
    const folder = mkdtempSync(join(tmpdir(), 'timonel-security-'))
    const cluster = await Cluster.start({ nodes, runtime: 'simulated', dataDirectory: folder })
    return new Ground(cluster, folder)
  }

  /** A file of the cluster's keys and certificates. */
  key(name: string): string {
    return readFileSync(join(this.#folder, 'pki', name), 'utf8')
  }

  /** A client's certificate by one of the cluster's authorities. */
  certificate(
    commonName: string,
    organizations: readonly string[] = [],
    { authority = 'ca', notAfterMs = Date.now() + hourMs }: { authority?: string; notAfterMs?: number } = {},
  ): KeyPair {
    const signer = { certificatePem: this.key(`${authority}.crt`), keyPem: this.key(`${authority}.key`) }
    return issueCertificate(signer, {
      subject: { commonName, organizations },
      usages: ['client'],
      notBeforeMs: Math.min(Date.now(), notAfterMs) - hourMs,
      notAfterMs,
    })
  }

  send(attempt: Attempt): Promise<Answer> {
    return send(this.to.server, this.to.certificateAuthority ?? '', attempt)
  }

  /** A service account's token as the API makes it. */
  async token(namespace: string, name: string, spec: object = {}): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`
    const made = await this.api.create(path, { spec })
    const { status } = JSON.parse(JSON.stringify(made))
    return status.token
  }

  async stop(): Promise<void> {
    await this.api.transport.close()
    await this.cluster.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
