import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib'
import { headerDictionary } from './header-dictionary.ts'

export type SpdyHeaders = Readonly<Record<string, string>>

/** Headers of any size are nobody's. */
const maxHeaderBytes = 64 * 1024

/** A block of headers, not compressed; names are in lower case. */
export function encodeHeaders(headers: SpdyHeaders): Buffer {
  const parts: Buffer[] = []
  const number = (value: number): void => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    parts.push(bytes)
  }
  const pairs = Object.entries(headers)
  number(pairs.length)
  for (const text of pairs.flat()) {
    const bytes = Buffer.from(text)
    number(bytes.length)
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}

function decodeBlock(block: Buffer): SpdyHeaders {
  let offset = 0
  const number = (): number => {
    offset += 4
    return block.readUInt32BE(offset - 4)
  }
  const text = (): string => {
    const length = number()
    offset += length
    return block.toString('utf8', offset - length, offset)
  }
  const headers: Record<string, string> = {}
  for (let left = number(); left > 0; left--) {
    const name = text().toLowerCase()
    headers[name] = text()
  }
  return headers
}

function through(stream: Inflate | Deflate, input: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const collect = (chunk: Buffer): void => {
      chunks.push(chunk)
      length += chunk.length
    }
    const finish = (error: Error | null | undefined): void => {
      stream.off('data', collect)
      stream.off('error', finish)
      if (error) reject(error)
      else if (length > maxHeaderBytes) reject(new RangeError('SPDY headers are too large'))
      else resolve(Buffer.concat(chunks, length))
    }
    stream.on('data', collect)
    stream.once('error', finish)
    stream.write(input, (error) => {
      if (error) finish(error)
      else stream.flush(constants.Z_SYNC_FLUSH, () => finish(undefined))
    })
  })
}

/** Header blocks of one connection: each direction is one compressed stream, so blocks go through in their order. */
export class HeaderCodec {
  readonly #inflate = createInflate({ dictionary: headerDictionary, finishFlush: constants.Z_SYNC_FLUSH })
  readonly #deflate = createDeflate({ flush: constants.Z_SYNC_FLUSH })

  constructor() {
    // Failures are told to who waits for a block.
    this.#inflate.on('error', () => {})
    this.#deflate.on('error', () => {})
  }

  async decode(compressed: Uint8Array): Promise<SpdyHeaders> {
    return decodeBlock(await through(this.#inflate, compressed))
  }

  encode(headers: SpdyHeaders): Promise<Buffer> {
    return through(this.#deflate, encodeHeaders(headers))
  }

  close(): void {
    this.#inflate.destroy()
    this.#deflate.destroy()
  }
}
