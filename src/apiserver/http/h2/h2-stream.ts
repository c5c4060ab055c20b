import { badRequest, statusError } from '../../../apimachinery/status-error.ts'
import type { RequestBody } from '../../request.ts'
import { BodyPieces } from '../body-pieces.ts'
import type { OutgoingHeaders } from '../outgoing.ts'
import type { FrameWriter } from './frame-writer.ts'
import { type ErrorCode, errorCode } from './protocol.ts'
import { ReceiveWindow } from './receive-window.ts'
import type { RequestHead } from './request-head.ts'

/** A stream's connection, as far as the stream needs it. */
export interface StreamOwner {
  /** There is something to send. */
  ready(stream: H2Stream): void
  /** Somebody waits for the body from now on. */
  reading(stream: H2Stream): void
  /** Ends the stream so that the client sees a failure. */
  reset(stream: H2Stream, code: ErrorCode): void
}

interface Reader {
  readonly maxBytes: number
  resolve(body: RequestBody): void
  reject(error: unknown): void
}

export interface ResponseHead {
  readonly status: number
  readonly headers: OutgoingHeaders
}

const noBytes = new Uint8Array(0)
/** From so many bytes on a writer is asked to wait. */
const fullBytes = 64 * 1024

const tooLarge = (maxBytes: number): Error =>
  statusError('RequestEntityTooLarge', `Request entity too large: limit is ${maxBytes}`)

/** One request and its response. The connection's frames come in through it, and the response's go out from it. */
export class H2Stream {
  readonly id: number
  readonly head: RequestHead
  readonly #owner: StreamOwner
  /** The request is complete. */
  remoteEnded = false
  /** The response is on its way, all of it. */
  localEnded = false
  closed = false
  readonly receiveWindow: ReceiveWindow
  /** Bytes that count against the connection's window, because nobody reads them yet. */
  heldBytes = 0
  /** Bytes that the client still takes. */
  sendWindow: number
  /** Is in its connection's queue of those who have something to send. */
  queued = false
  /** The client is to be told that its body is wanted. */
  continues = false
  /** Waits to be sent. */
  responseHead: ResponseHead | undefined
  /** Nothing follows what is pending. */
  ending = false
  pendingBytes = 0

  readonly #received = new BodyPieces()
  #receivedBytes = 0
  #reader: Reader | undefined
  #refusing = false

  #pending: Uint8Array[] = []
  #taken: ((() => void) | undefined)[] = []
  #first = 0
  /** Bytes of the first one that have been sent. */
  #sentOfFirst = 0
  #onDrain: (() => void) | undefined
  #onClose: (() => void)[] = []

  constructor(
    id: number,
    head: RequestHead,
    owner: StreamOwner,
    windows: { readonly receive: number; readonly send: number },
  ) {
    this.id = id
    this.head = head
    this.#owner = owner
    this.receiveWindow = new ReceiveWindow(windows.receive)
    this.sendWindow = windows.send
  }

  /** Calls back when the response is complete or the client has gone; at once if that was before. */
  onClose(callback: () => void): void {
    if (this.closed) callback()
    else this.#onClose.push(callback)
  }

  /** The request's body, whole; at most once. No promise if it is there. */
  readBody(maxBytes: number): RequestBody | Promise<RequestBody> {
    const { contentLength } = this.head
    if (this.#receivedBytes > maxBytes || (contentLength !== undefined && contentLength > maxBytes)) {
      this.#refuse()
      return Promise.reject(tooLarge(maxBytes))
    }
    if (this.remoteEnded) return this.#takeBody()
    return new Promise((resolve, reject) => {
      this.#reader = { maxBytes, resolve, reject }
      if (this.closed) this.#cutOff()
      else this.#askForBody()
    })
  }

  #askForBody(): void {
    this.#owner.reading(this)
    if (!this.head.expectsContinue) return
    this.continues = true
    this.#owner.ready(this)
  }

  #takeBody(): RequestBody {
    return { type: 'bytes', bytes: this.#received.take() }
  }

  #refuse(): void {
    this.#refusing = true
    this.#received.clear()
  }

  #cutOff(): void {
    const reader = this.#reader
    this.#reader = undefined
    reader?.reject(badRequest('the request was cut off before its body was complete'))
  }

  /** From the connection. False: the client sends more or less than it has announced. */
  receive(bytes: Buffer): boolean {
    this.#receivedBytes += bytes.length
    const { contentLength } = this.head
    if (contentLength !== undefined && this.#receivedBytes > contentLength) return false
    if (this.#refusing) return true
    const reader = this.#reader
    if (reader !== undefined && this.#receivedBytes > reader.maxBytes) {
      this.#reader = undefined
      this.#refuse()
      reader.reject(tooLarge(reader.maxBytes))
    } else this.#received.add(bytes)
    return true
  }

  /** Somebody waits for what comes. */
  get reading(): boolean {
    return this.#reader !== undefined
  }

  /** What comes is thrown away. */
  get refusing(): boolean {
    return this.#refusing
  }

  /** From the connection: nothing follows. False: less came than was announced. */
  endReceiving(): boolean {
    const { contentLength } = this.head
    if (contentLength !== undefined && contentLength !== this.#receivedBytes) return false
    this.remoteEnded = true
    const reader = this.#reader
    this.#reader = undefined
    reader?.resolve(this.#takeBody())
    return true
  }

  /** The response's head; once. It goes out with what follows in the same turn. */
  respond(status: number, headers: OutgoingHeaders): void {
    if (this.closed) return
    this.responseHead = { status, headers }
    this.#owner.ready(this)
  }

  /** Takes bytes of the response's body. False: full; `onDrain` tells when it is not any more. */
  write(bytes: Uint8Array, taken?: () => void): boolean {
    if (this.closed || this.ending || bytes.length === 0) {
      taken?.()
      return true
    }
    this.#pending.push(bytes)
    if (taken !== undefined) this.#taken[this.#pending.length - 1] = taken
    this.pendingBytes += bytes.length
    if (!this.queued) this.#owner.ready(this)
    return this.pendingBytes < fullBytes
  }

  /** The response is complete. */
  end(): void {
    if (this.closed || this.ending) return
    this.ending = true
    if (!this.queued) this.#owner.ready(this)
  }

  onDrain(callback: () => void): void {
    this.#onDrain = callback
  }

  reset(code: ErrorCode = errorCode.internal): void {
    if (!this.closed) this.#owner.reset(this, code)
  }

  /** Moves `length` of the pending bytes into a frame. */
  moveTo(writer: FrameWriter, length: number): void {
    let left = length
    while (left > 0) {
      const chunk = this.#pending[this.#first] ?? noBytes
      const rest = chunk.length - this.#sentOfFirst
      if (rest > left) {
        writer.payload(chunk.subarray(this.#sentOfFirst, this.#sentOfFirst + left))
        this.#sentOfFirst += left
        break
      }
      writer.payload(this.#sentOfFirst === 0 ? chunk : chunk.subarray(this.#sentOfFirst))
      left -= rest
      this.#dropFirst()
    }
    this.pendingBytes -= length
    if (this.pendingBytes > 0 || this.#onDrain === undefined) return
    const callback = this.#onDrain
    this.#onDrain = undefined
    callback()
  }

  #dropFirst(): void {
    const taken = this.#taken[this.#first]
    this.#first++
    this.#sentOfFirst = 0
    if (this.#first === this.#pending.length) {
      this.#pending = []
      if (this.#taken.length > 0) this.#taken = []
      this.#first = 0
    }
    taken?.()
  }

  /** From the connection, once: it is over, one way or the other. */
  close(): void {
    this.closed = true
    this.responseHead = undefined
    const dropped = this.#taken.slice(this.#first)
    this.#pending = []
    this.#taken = []
    this.#received.clear()
    this.pendingBytes = 0
    for (const taken of dropped) taken?.()
    this.#cutOff()
    const callbacks = this.#onClose
    this.#onClose = []
    for (const callback of callbacks) callback()
  }
}
