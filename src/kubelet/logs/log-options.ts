/** Which part of a container's log is wanted (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodLogOptions). */
export interface LogOptions {
  readonly follow: boolean
  readonly previous: boolean
  readonly timestamps: boolean
  readonly sinceMs?: number
  readonly tailLines?: number
  readonly limitBytes?: number
  /** Only what was written there; absent: both. */
  readonly stream?: 'stdout' | 'stderr'
}

/** Takes log bytes in order; the promise holds the reader back. */
export type LogSink = (data: Uint8Array) => void | Promise<void>

/** A container whose log is read. */
export interface LogSource {
  readonly containerId: string
  readonly logPath: string
  /** It has ended: following ends with the log. */
  readonly ended: () => boolean
}

/** Reads containers' logs. */
export interface LogReader {
  /** Resolves at the end of the log, of the container when it is followed, or when aborted. */
  read(source: LogSource, options: LogOptions, write: LogSink, signal: AbortSignal): Promise<void>
}
