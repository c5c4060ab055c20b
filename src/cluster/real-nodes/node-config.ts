import type { NetworkOptions, RegistryMirror } from '../options.ts'

/** A client's way to the API server; PEM. */
export interface ClientConfig {
  readonly certificatePem: string
  readonly keyPem: string
}

/** Everything that a node's process needs to know; written by whoever starts it, readable by root alone. */
export interface NodeConfig {
  readonly name: string
  readonly server: string
  readonly authorityPem: string
  /** The node's own credentials, and those of its parts. */
  readonly clients: Readonly<Record<'node' | 'proxy' | 'policy' | 'dns', ClientConfig>>
  /** What its HTTPS server shows. */
  readonly serving: ClientConfig
  /** InternalIP. */
  readonly address: string
  readonly port: number
  /** The node's own folder. */
  readonly directory: string
  /** Unique on the machine: names its networks and groups. */
  readonly networkName: string
  /** The cluster's data directory. */
  readonly dataDirectory: string
  /** Absent where the machine's own network is the node's. */
  readonly networkNamespace?: string
  readonly network: NetworkOptions
  readonly registryMirrors: readonly RegistryMirror[]
  /** A KubeletConfiguration's file; absolute. */
  readonly kubeletConfig?: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** What a node's process tells the one that started it, over the channel between them. */
export type NodeMessage =
  | { readonly type: 'registered' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'stopped' }

/** What it is told. `cleanUp`: end all pods and take back what was made on the machine. */
export type NodeOrder =
  | { readonly type: 'stop'; readonly cleanUp: boolean }
  /** Its configuration has other certificates: show those. */
  | { readonly type: 'certificates' }
