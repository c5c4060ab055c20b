/** What a client gets for it: 400, 422 without a word about why, or 500 with upstream's internal error as it is. */
export type PatchFault = 'malformed' | 'inapplicable' | 'internal'

/** A patch that cannot be read or applied; the message is for the client. */
export class PatchError extends Error {
  override readonly name = 'PatchError'
  readonly fault: PatchFault

  constructor(fault: PatchFault, message: string) {
    super(message)
    this.fault = fault
  }
}

/** The object is not as a `test` operation wants it. */
export class FailedTest extends PatchError {
  constructor(path: string) {
    super('inapplicable', `testing value ${path} failed: test failed`)
  }
}
