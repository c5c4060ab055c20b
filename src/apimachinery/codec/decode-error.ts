/** A body that cannot be decoded; the message is upstream's, without what the request was about. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}
