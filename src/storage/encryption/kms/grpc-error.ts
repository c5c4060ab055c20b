/** What a gRPC call ended with, in Go's words. */
export class GrpcError extends Error {
  /** Go's name of the code: `Unavailable`. */
  readonly status: string

  constructor(status: string, description: string) {
    super(`rpc error: code = ${status} desc = ${description}`)
    this.status = status
  }
}
