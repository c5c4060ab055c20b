import type { Logger } from '../base/logger.ts'
import type { Scheduling } from '../scheduler/config/scheduling-of.ts'
import type { EtcdServers } from '../storage/etcd/etcd-connection.ts'
import type { ApiServerFiles } from './api-server-files.ts'

/** The addresses of a cluster; upstream's and kubeadm's defaults. */
export interface NetworkOptions {
  readonly serviceCidr: string
  readonly dnsAddress: string
  readonly podCidr: string
  /** Prefix length of each node's part of the pod network. */
  readonly nodePodCidrBits: number
  readonly nodePorts: { readonly first: number; readonly last: number }
  readonly domain: string
  readonly dnsTtlSeconds: number
}

export const defaultNetwork: NetworkOptions = {
  serviceCidr: '10.96.0.0/12',
  dnsAddress: '10.96.0.10',
  podCidr: '10.244.0.0/16',
  nodePodCidrBits: 24,
  nodePorts: { first: 30_000, last: 32_767 },
  domain: 'cluster.local',
  dnsTtlSeconds: 30,
}

/** Where images of a registry come from: `registry.k8s.io` → `http://127.0.0.1:5000`. */
export interface RegistryMirror {
  readonly host: string
  readonly endpoint: string
}

export type RuntimeName = 'simulated' | 'containerd'

export interface ClusterOptions {
  /** How many nodes to start; 1 where absent. */
  readonly nodes?: number
  /** What runs the pods: in memory, or a private containerd for each node (root on Linux). `simulated` where absent. */
  readonly runtime?: RuntimeName
  /** Where objects are kept: `memory` (gone with the process; the default), `lmdb` in `dataDirectory`, or an etcd. */
  readonly storage?: 'memory' | 'lmdb' | EtcdServers
  /** Between two compactions of the store; five minutes where absent, 0 for none. What is older is forgotten. */
  readonly compactionIntervalMs?: number
  /** `virtual`: time moves by `advance` only. Goes with the simulated runtime and memory. */
  readonly clock?: 'real' | 'virtual'
  /** Of all randomness under virtual time. */
  readonly seed?: number
  /** Everything that stays on the disk; a temporary folder where absent. */
  readonly dataDirectory?: string
  /** The port of the API server on all addresses; 0 (the default) takes a free one on loopback. */
  readonly apiPort?: number
  /** Bytes that the store may take; upstream's 2 GiB where absent. */
  readonly quotaBackendBytes?: number
  readonly network?: Partial<NetworkOptions>
  /** How simulated nodes and pods behave: documents of YAML in KWOK's form (`docs/simulation.md`), or what such documents hold. */
  readonly stages?: string | readonly unknown[]
  /** Profiles and plugins of the scheduler; upstream's defaults where absent. */
  readonly scheduling?: Scheduling
  /** As `--feature-gates` takes them, `Name=true,Other=false`, for API server, controllers and scheduler; upstream's defaults where absent. */
  readonly featureGates?: string
  /** As `--runtime-config` takes it: `api/alpha=true`, `resource.k8s.io/v1beta1=true`, … */
  readonly runtimeConfig?: string
  /** Files of configuration of the API server: audit, encryption, who is let in and to what. */
  readonly apiServerFiles?: ApiServerFiles
  /** The file of a KubeletConfiguration, for nodes with real containers; absolute. */
  readonly kubeletConfig?: string
  /** For nodes with real containers; plain HTTP is allowed. */
  readonly registryMirrors?: readonly RegistryMirror[]
  readonly logger?: Logger
  /** Of the nodes' own processes; `warn` where absent. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error'
}
