import type {
  AuthConfig,
  Container,
  ContainerConfig,
  ContainerFilter,
  ContainerResources,
  ContainerStats,
  ContainerStatus,
  FilesystemUsage,
  Image,
  ImageSpec,
  PodSandbox,
  RuntimeStatus,
  RuntimeVersion,
  SandboxConfig,
  SandboxFilter,
  SandboxStatus,
} from './messages.ts'

/** Codes of gRPC that callers tell apart. */
export type RuntimeErrorCode =
  | 'NotFound'
  | 'AlreadyExists'
  | 'InvalidArgument'
  | 'DeadlineExceeded'
  | 'Unavailable'
  | 'Unimplemented'
  | 'Canceled'
  | 'Unknown'

/** What every verb fails with. `message` is the runtime's own, without a code in front. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError'
  readonly code: RuntimeErrorCode
  constructor(code: RuntimeErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

export const isRuntimeError = (error: unknown, code: RuntimeErrorCode): boolean =>
  error instanceof RuntimeError && error.code === code

export interface ExecSyncResult {
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly exitCode: number
}

export interface StreamRequest {
  readonly tty: boolean
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
}

/** Takes output in order; a promise holds the other side back until it settles. */
export type OutputSink = (stream: 'stdout' | 'stderr', data: Uint8Array) => void | Promise<void>

/** How a streamed command ended: its exit code, or why there is none. */
export type StreamOutcome =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'failed'; readonly message: string }

/** A running exec or attach. The opener ends it with `close`; it ends by itself with its command. */
export interface StreamSession {
  /** Resolves when more may be written. Ignored once the session has ended. */
  writeStdin(data: Uint8Array): Promise<void>
  closeStdin(): void
  resize(columns: number, rows: number): void
  /** Settles after all output has been handed to the sink; never rejects. */
  readonly done: Promise<StreamOutcome>
  close(): void
}

/** One forwarded connection to a port inside a sandbox. */
export interface PortSession {
  write(data: Uint8Array): Promise<void>
  /** Nothing more is written; what comes back is still read. */
  closeInput(): void
  /** Undefined where the other side closed in order, else what went wrong; never rejects. */
  readonly done: Promise<string | undefined>
  close(): void
}

/** Told of each list of all that there is: when it began, since the epoch, and how long it took. */
export type ListObserver = (list: { readonly atMs: number; readonly tookMs: number }) => void

/**
 * What runs pods on a node: the verbs of CRI v1 (RuntimeService and ImageService). All reject with
 * RuntimeError. Stop and remove verbs are idempotent and accept what does not exist. Ids are opaque.
 */
export interface Runtime {
  version(): Promise<RuntimeVersion>
  /** Conditions RuntimeReady and NetworkReady, and what it can do. */
  status(): Promise<RuntimeStatus>
  /** Tells the range that pod addresses of this node come from. */
  updatePodCidr(podCidr: string): Promise<void>

  /** Creates and starts a sandbox with its network; its id. */
  runPodSandbox(config: SandboxConfig, runtimeHandler: string): Promise<string>
  /** Kills what runs in it and gives its network back. */
  stopPodSandbox(id: string): Promise<void>
  /** Removes it with all its containers. */
  removePodSandbox(id: string): Promise<void>
  podSandboxStatus(id: string): Promise<SandboxStatus>
  listPodSandbox(filter: SandboxFilter): Promise<readonly PodSandbox[]>
  /** The pod's group is about to be held to this; rejects where the runtime cannot have that. */
  updatePodSandboxResources(
    id: string,
    overhead: ContainerResources,
    resources: ContainerResources,
  ): Promise<void>

  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string>
  startContainer(id: string): Promise<void>
  /** SIGTERM (or the image's signal), then SIGKILL after `timeoutSeconds`; resolves when it has ended. */
  stopContainer(id: string, timeoutSeconds: number): Promise<void>
  /** Kills it if need be. */
  removeContainer(id: string): Promise<void>
  listContainers(filter: ContainerFilter): Promise<readonly Container[]>
  containerStatus(id: string): Promise<ContainerStatus>
  updateContainerResources(id: string, resources: ContainerResources): Promise<void>
  /** Writes the state of a running container to an archive at `location`; 0 seconds: the runtime's own limit. */
  checkpointContainer(id: string, location: string, timeoutSeconds: number): Promise<void>
  /** After the log file was moved away: goes on in a new one. */
  reopenContainerLog(id: string): Promise<void>

  /** Runs a command to its end; DeadlineExceeded after `timeoutSeconds` (0: none). */
  execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecSyncResult>
  exec(
    id: string,
    command: readonly string[],
    request: StreamRequest,
    output: OutputSink,
  ): Promise<StreamSession>
  attach(id: string, request: StreamRequest, output: OutputSink): Promise<StreamSession>
  portForward(
    sandboxId: string,
    port: number,
    output: (data: Uint8Array) => void | Promise<void>,
  ): Promise<PortSession>

  containerStats(id: string): Promise<ContainerStats>
  listContainerStats(filter: ContainerFilter): Promise<readonly ContainerStats[]>

  listImages(): Promise<readonly Image[]>
  /** Undefined when it is not there. */
  imageStatus(image: ImageSpec): Promise<Image | undefined>
  /** The reference to start containers with. `sandbox` is the one of the pod that it is for, if there is one. */
  pullImage(image: ImageSpec, auth: AuthConfig | undefined, sandbox?: SandboxConfig): Promise<string>
  removeImage(image: ImageSpec): Promise<void>
  imageFsInfo(): Promise<readonly FilesystemUsage[]>

  /** Calls back soon with the uid of each pod whose sandbox or containers changed by themselves; may call without a change. Returns what removes the handler. */
  onPodChange(handler: (podUid: string) => void): () => void
}
