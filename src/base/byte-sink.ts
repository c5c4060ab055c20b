/** Where a stream's bytes go; implemented by a front. Callbacks are called at most once, never after `end`. */
export interface ByteSink {
  /**
   * Takes the bytes, which nobody mutates until `taken` is called: once they are on their way, or dropped because
   * the client has gone. False: full; wait for `onDrain` where possible.
   */
  write(bytes: Uint8Array, taken?: () => void): boolean
  /** Bytes taken and not yet handed to the network: what bounded buffers look at. */
  readonly bufferedBytes: number
  /** Calls back once when there is room again. */
  onDrain(callback: () => void): void
  /** Calls back once when the client has gone (at once if it has). */
  onClose(callback: () => void): void
  end(): void
  /** Breaks the connection or resets the stream, so that the client sees a failure and not an end. */
  destroy(): void
}

/** Both directions of a connection that has left HTTP (exec, attach, port-forward, proxy). */
export interface UpgradedStream {
  readonly readable: AsyncIterable<Uint8Array>
  readonly sink: ByteSink
}
