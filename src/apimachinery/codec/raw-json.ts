const encoder = new TextEncoder()

/** JSON that nobody has to look into, for those who only pass it on. */
export class RawJson {
  readonly text: string
  #bytes: Uint8Array | undefined

  constructor(text: string) {
    this.text = text
  }

  /** Shared: never to be changed. */
  get bytes(): Uint8Array {
    this.#bytes ??= encoder.encode(this.text)
    return this.#bytes
  }
}
