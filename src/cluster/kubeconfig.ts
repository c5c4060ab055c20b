import type { KeyPair } from './pki/certificate.ts'

export interface KubeconfigOptions {
  /** `https://127.0.0.1:6443` */
  readonly server: string
  readonly clusterName: string
  readonly userName: string
  /** PEM of the authority that signed the server's certificate. */
  readonly certificateAuthority: string
  readonly client: KeyPair
  /** `default` where absent. */
  readonly namespace?: string
}

/** Quotes as YAML and JSON both read it. */
const quoted = (text: string): string => JSON.stringify(text)

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/**
 * A kubeconfig (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/) for one cluster and one user,
 * with certificates inside, so that the file can be copied.
 */
export function kubeconfig(options: KubeconfigOptions): string {
  const context = quoted(`${options.userName}@${options.clusterName}`)
  const namespace = options.namespace === undefined ? '' : `\n    namespace: ${quoted(options.namespace)}`
  return `apiVersion: v1
kind: Config
clusters:
- name: ${quoted(options.clusterName)}
  cluster:
    server: ${quoted(options.server)}
    certificate-authority-data: ${base64(options.certificateAuthority)}
users:
- name: ${quoted(options.userName)}
  user:
    client-certificate-data: ${base64(options.client.certificatePem)}
    client-key-data: ${base64(options.client.keyPem)}
contexts:
- name: ${context}
  context:
    cluster: ${quoted(options.clusterName)}
    user: ${quoted(options.userName)}${namespace}
current-context: ${context}
preferences: {}
`
}

/** Where a cluster is and whom it trusts, without users: what `cluster-info` holds. */
export const clusterOnlyKubeconfig = (server: string, certificateAuthority: string): string => `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${base64(certificateAuthority)}
    server: ${quoted(server)}
  name: ""
contexts: null
current-context: ""
kind: Config
preferences: {}
users: null
`
