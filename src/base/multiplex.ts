import type { UpgradedStream } from './byte-sink.ts'

/** One of several streams over one connection, opened by the client. */
export interface MultiplexedStream {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** Ends when the client has closed its direction. */
  readonly readable: AsyncIterable<Uint8Array>
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>
  /** Closes our direction. */
  end(): void
}

export interface MultiplexedConnection {
  /** As they are opened; ends with the connection. */
  readonly streams: AsyncIterable<MultiplexedStream>
  close(): void
}

/** Speaks SPDY/3.1 over a connection that has left HTTP. */
export type MultiplexAcceptor = (stream: UpgradedStream) => MultiplexedConnection
