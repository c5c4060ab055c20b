/** A value as the store holds it, which a transformer could not turn back: nobody may take it for what was written. */
export class UnreadableValue extends Uint8Array {
  /** In upstream's words. */
  readonly why: string

  constructor(stored: Uint8Array, why: string) {
    super(stored)
    this.why = why
  }

  /** Its parts are plain bytes. */
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array
  }
}
