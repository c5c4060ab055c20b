import type {
  ContainerConfig,
  ContainerState,
  ContainerStats,
  ContainerStatus,
  SandboxConfig,
  SandboxStatus,
} from '../messages.ts'
import type { WasmJob } from './wasm-job.ts'
import type { WasmLog } from './wasm-log.ts'
import type { WasmProcess } from './wasm-process.ts'

export interface WasmSandbox {
  readonly id: string
  readonly config: SandboxConfig
  ready: boolean
  readonly createdAt: number
}

export interface WasmContainer {
  readonly id: string
  readonly sandbox: WasmSandbox
  readonly config: ContainerConfig
  readonly program: Omit<WasmJob, 'shared'>
  state: ContainerState
  readonly createdAt: number
  startedAt: number
  finishedAt: number
  exitCode: number
  reason: string
  /** As last looked at. */
  processorNs: number
  log: WasmLog | undefined
  process: WasmProcess | undefined
}

export const sandboxView = ({ id, config, ready, createdAt }: WasmSandbox): SandboxStatus => ({
  id,
  metadata: config.metadata,
  state: ready ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
  createdAt,
  labels: config.labels,
  annotations: config.annotations,
  linux: {
    namespaces: {
      options: config.linux.securityContext.namespaceOptions ?? {
        network: 'POD',
        pid: 'CONTAINER',
        ipc: 'POD',
      },
    },
  },
})

export const containerView = (
  container: WasmContainer,
): ContainerStatus & { readonly podSandboxId: string } => {
  const { id, config, sandbox, state, createdAt, startedAt, finishedAt, exitCode, reason } = container
  return {
    ...{ id, state, createdAt, startedAt, finishedAt, exitCode, reason },
    podSandboxId: sandbox.id,
    metadata: config.metadata,
    image: { image: config.image.userSpecifiedImage ?? config.image.image },
    imageRef: config.image.image,
    message: '',
    labels: config.labels,
    annotations: config.annotations,
    mounts: config.mounts,
    logPath: `${sandbox.config.logDirectory}/${config.logPath}`,
    resources: { linux: config.linux.resources },
  }
}

export async function statsOf(container: WasmContainer, timestamp: number): Promise<ContainerStats> {
  const running = container.state === 'CONTAINER_RUNNING'
  const processorNs = running ? await container.process?.processorNs() : undefined
  if (processorNs !== undefined) container.processorNs = processorNs
  const value = running ? (container.process?.memoryBytes ?? 0) : 0
  const { metadata, labels, annotations } = container.config
  return {
    attributes: { id: container.id, metadata, labels, annotations },
    cpu: { timestamp, usageCoreNanoSeconds: { value: container.processorNs } },
    memory: { timestamp, workingSetBytes: { value }, usageBytes: { value }, rssBytes: { value } },
    writableLayer: { timestamp, usedBytes: { value: 0 }, inodesUsed: { value: 0 } },
  }
}
