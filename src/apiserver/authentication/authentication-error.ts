/** A credential that is wrong. The client only learns that it is (401), unless it asked by a TokenReview. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError'
}
