/** Upstream's words for what cannot be had; whoever asks for it makes a Status of them. */
export class AllocationError extends Error {
  override readonly name = 'AllocationError'
  /** Nothing is left, as against: that one is taken or outside. */
  readonly full: boolean

  constructor(message: string, full = false) {
    super(message)
    this.full = full
  }
}
