import { join } from 'node:path'
import type { Host } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import type { InformerFactory } from '../../../client/informer.ts'
import { LinuxPodFiles } from '../../linux/linux-pod-files.ts'
import { fileLogs } from '../../linux/logs/log-files.ts'
import { PodCertificates } from '../../pod-certificates/pod-certificates.ts'
import { makeStubRequest } from '../../pod-certificates/stub-request.ts'
import type { RealPods, RealPodsRequest } from '../../simulated-nodes.ts'
import { ServiceAccountTokens } from '../../volumes/service-account-tokens.ts'
import { TrustBundles } from '../../volumes/trust-bundles.ts'
import { VolumeManager } from '../../volumes/volume-manager.ts'
import { wasmHandler } from './wasm-runtime.ts'

export interface WasmPodsOptions {
  readonly host: Host
  readonly logger: Logger
  readonly informers: InformerFactory
  /** Holds a directory of volumes and logs for each node. */
  readonly directory: string
  readonly imageDirectory: string
}

/** WASI modules on simulated nodes: what they write is in files, what all other pods do is not. */
export const wasmPods =
  ({ host, logger, informers, directory, imageDirectory }: WasmPodsOptions) =>
  ({ nodeName, client, objects, node }: RealPodsRequest): RealPods => {
    const root = join(directory, nodeName)
    const podsRoot = join(root, 'pods')
    const volumes = new VolumeManager({
      podsRoot,
      memoryRoot: join(root, 'memory'),
      objects,
      tokens: new ServiceAccountTokens(client, host),
      trustBundles: new TrustBundles(client, host),
      certificates: new PodCertificates({
        ...{ client, informers, host, logger, nodeName, makeStubRequest },
        nodeUid: () => node()?.metadata?.uid,
      }),
      place: () => ({ hostIps: [], podIps: [], allocatable: node()?.status?.allocatable ?? {} }),
    })
    return {
      ...wasmHandler({ host, imageDirectory }),
      files: new LinuxPodFiles({ podsRoot, logsRoot: join(root, 'logs'), volumes }),
      logs: fileLogs,
    }
  }
