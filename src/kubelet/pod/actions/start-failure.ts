/** Why a container did not start: the reason and message of its waiting state. */
export class StartFailureError extends Error {
  override readonly name = 'StartFailureError'
  readonly reason: string
  /** When to try again; absent: after the usual pause. */
  readonly retryAfterMs: number | undefined
  constructor(reason: string, message: string, retryAfterMs?: number) {
    super(message)
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}
