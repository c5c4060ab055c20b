/** A patch that cannot be read or applied; the message is for the client. */
export class PatchError extends Error {
  override readonly name = 'PatchError'
}
