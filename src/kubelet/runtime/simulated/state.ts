import type { Timer } from '../../../base/host.ts'
import type {
  ContainerConfig,
  ContainerResources,
  ContainerState,
  ContainerStatus,
  SandboxConfig,
  SandboxStatus,
} from '../messages.ts'
import type { Behaviour } from './behaviour.ts'
import type { SimulatedStream } from './simulated-stream.ts'

export interface SimulatedSandbox {
  readonly id: string
  readonly config: SandboxConfig
  ready: boolean
  readonly createdAt: number
  readonly address: string
  readonly containers: Set<SimulatedContainer>
}

export interface LogLine {
  readonly timeMs: number
  readonly text: string
}

export interface SimulatedContainer {
  readonly id: string
  readonly sandbox: SimulatedSandbox
  readonly config: ContainerConfig
  behaviour: Behaviour
  resources: ContainerResources
  state: ContainerState
  readonly createdAt: number
  startedAt: number
  finishedAt: number
  exitCode: number
  /** Of its writable layer. */
  diskBytes: number
  /** Of its processor time, as last looked at. */
  readonly cpu: { usedNs: number; lookedAt: number }
  reason: string
  readonly lines: LogLine[]
  readonly streams: Set<SimulatedStream>
  timer: Timer | undefined
}

export const sandboxView = (sandbox: SimulatedSandbox): SandboxStatus => ({
  id: sandbox.id,
  metadata: sandbox.config.metadata,
  state: sandbox.ready ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
  createdAt: sandbox.createdAt,
  labels: sandbox.config.labels,
  annotations: sandbox.config.annotations,
  network: { ip: sandbox.ready ? sandbox.address : '', additionalIps: [] },
  linux: {
    namespaces: {
      options: sandbox.config.linux.securityContext.namespaceOptions ?? {
        network: 'POD',
        pid: 'CONTAINER',
        ipc: 'POD',
      },
    },
  },
})

/** Everything that a list or a status tells of a container. */
export const containerView = (
  container: SimulatedContainer,
): ContainerStatus & { readonly podSandboxId: string } => {
  const { config } = container
  const ended = container.state === 'CONTAINER_EXITED'
  return {
    id: container.id,
    podSandboxId: container.sandbox.id,
    metadata: config.metadata,
    state: container.state,
    createdAt: container.createdAt,
    startedAt: container.startedAt,
    finishedAt: container.finishedAt,
    exitCode: container.exitCode,
    image: { image: config.image.userSpecifiedImage ?? config.image.image },
    imageRef: config.image.image,
    reason: container.reason,
    message: ended ? container.behaviour.terminationMessage : '',
    labels: config.labels,
    annotations: config.annotations,
    mounts: config.mounts,
    logPath: `${container.sandbox.config.logDirectory}/${config.logPath}`,
    resources: { linux: container.resources },
    ...(config.stopSignal === undefined ? {} : { stopSignal: config.stopSignal }),
  }
}
