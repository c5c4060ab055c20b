import { X509Certificate } from 'node:crypto'
import { parse } from 'yaml'
import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { realHost } from '../../base/host/real-host.ts'
import { isRecord } from '../../base/is-record.ts'
import { messageOf } from '../../base/message-of.ts'
import { sameText } from '../../base/same-text.ts'
import { sleep } from '../../base/sleep.ts'
import { createClient } from '../../client/create-client.ts'
import { createHttpsTransport } from '../../client/https/https-transport.ts'
import { detachedSignature, signaturePrefix } from '../../controllers/bootstrapsigner/sign-cluster-info.ts'
import { pemBlocks } from '../components/read-pem.ts'
import { clusterInfo } from './allow-joining.ts'
import type { Token } from './bootstrap-tokens.ts'
import { publicKeyHash } from './public-key-hash.ts'

export interface Discovery {
  /** `192.0.2.7:6443` */
  readonly endpoint: string
  readonly token: Token
  /** Public keys of which the authority has one, as `publicKeyHash` has them; none: the token's word counts alone. */
  readonly hashes: readonly string[]
}

export interface FoundCluster {
  /** `https://192.0.2.7:6443` */
  readonly server: string
  /** PEM. */
  readonly authorityPem: string
}

/** kubeadm's. */
const retryMs = 5_000
const timeoutMs = 5 * 60_000

type ClusterInfo = Readonly<Record<string, string>>

/** The ConfigMap's data, once it is there with the token's signature. */
async function read(
  { endpoint, token }: Discovery,
  trust: { readonly certificateAuthority: string } | { readonly insecureSkipTlsVerify: true },
  signal: AbortSignal,
): Promise<ClusterInfo> {
  const transport = createHttpsTransport({ host: realHost, server: `https://${endpoint}`, ...trust })
  const untilMs = realHost.monotonicMs() + timeoutMs
  try {
    for (;;) {
      let problem: string
      try {
        const { data = {} } = await createClient(transport)
          .resource(ConfigMap)
          .get(clusterInfo.namespace, clusterInfo.name)
        if (data[signaturePrefix + token.id] !== undefined) return data
        problem = `could not find a JWS signature in the cluster-info ConfigMap for token ID "${token.id}"`
      } catch (error) {
        problem = `failed to request the cluster-info ConfigMap: ${messageOf(error)}`
      }
      if (signal.aborted || realHost.monotonicMs() + retryMs > untilMs) throw new Error(problem)
      await sleep(realHost, retryMs, signal)
    }
  } finally {
    await transport.close()
  }
}

/** What the kubeconfig in there says of its one cluster. Throws where the token has not signed it. */
export function verifiedCluster(data: ClusterInfo, token: Token): FoundCluster {
  const text = data[clusterInfo.key] ?? ''
  if (text === '')
    throw new Error(
      `there is no ${clusterInfo.key} key in the cluster-info ConfigMap. This API Server isn't set up for token bootstrapping, can't connect`,
    )
  const signature = data[signaturePrefix + token.id] ?? ''
  if (!sameText(signature, detachedSignature(text, token, realHost)))
    throw new Error(
      "failed to verify JWS signature of received cluster info object, can't trust this API Server",
    )
  const config: unknown = parse(text)
  const clusters = isRecord(config) && Array.isArray(config['clusters']) ? config['clusters'] : []
  const cluster: unknown = isRecord(clusters[0]) ? clusters[0]['cluster'] : undefined
  const fields = isRecord(cluster) ? cluster : {}
  const { server, 'certificate-authority-data': authority } = fields
  if (typeof server !== 'string' || typeof authority !== 'string')
    throw new Error('malformed kubeconfig in the cluster-info ConfigMap')
  return { server, authorityPem: Buffer.from(authority, 'base64').toString('utf8') }
}

/** Throws where none of the authorities is one that was named. */
export function checkPinned(authorityPem: string, hashes: readonly string[]): void {
  const found = pemBlocks(authorityPem).map((block) => publicKeyHash(new X509Certificate(block)))
  if (!found.some((hash) => hashes.includes(hash)))
    throw new Error(
      `cluster CA found in cluster-info ConfigMap is invalid: none of the public keys "${found.join(':')}" are pinned`,
    )
}

/**
 * A cluster and its authority, as its `cluster-info` says, which is believed because the token has signed it; with hashes also
 * because of its authority's key, and then it is read again over a connection that the authority vouches for.
 */
export async function discoverCluster(discovery: Discovery, signal: AbortSignal): Promise<FoundCluster> {
  const { token, hashes } = discovery
  const first = await read(discovery, { insecureSkipTlsVerify: true }, signal)
  const found = verifiedCluster(first, token)
  if (hashes.length === 0) return found
  checkPinned(found.authorityPem, hashes)
  const second = await read(discovery, { certificateAuthority: found.authorityPem }, signal)
  if (second[clusterInfo.key] !== first[clusterInfo.key])
    throw new Error(
      'the second kubeconfig from the cluster-info ConfigMap (using validated TLS) was different from the first',
    )
  return found
}
