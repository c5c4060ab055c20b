import { timingSafeEqual } from 'node:crypto'

/** https://cr.yp.to/snuffle/spec.pdf and https://cr.yp.to/snuffle/xsalsa-20110204.pdf */
const sigma = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const
const blockBytes = 64
export const tagBytes = 16
export const nonceBytes = 24

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))

/** One quarter round on four words of the state. */
function quarter(state: Int32Array, a: number, b: number, c: number, d: number): void {
  const at = (index: number): number => state[index] ?? 0
  state[b] = at(b) ^ rotate((at(a) + at(d)) | 0, 7)
  state[c] = at(c) ^ rotate((at(b) + at(a)) | 0, 9)
  state[d] = at(d) ^ rotate((at(c) + at(b)) | 0, 13)
  state[a] = at(a) ^ rotate((at(d) + at(c)) | 0, 18)
}

function twentyRounds(state: Int32Array): void {
  for (let round = 0; round < 10; round++) {
    quarter(state, 0, 4, 8, 12)
    quarter(state, 5, 9, 13, 1)
    quarter(state, 10, 14, 2, 6)
    quarter(state, 15, 3, 7, 11)
    quarter(state, 0, 1, 2, 3)
    quarter(state, 5, 6, 7, 4)
    quarter(state, 10, 11, 8, 9)
    quarter(state, 15, 12, 13, 14)
  }
}

/** Key and sixteen bytes of nonce or counter, laid out as Salsa20 wants them. */
function layOut(key: Uint8Array, input: Uint8Array): Int32Array {
  const words = new DataView(key.buffer, key.byteOffset, key.length)
  const nonce = new DataView(input.buffer, input.byteOffset, input.length)
  const state = new Int32Array(16)
  for (let at = 0; at < 4; at++) {
    state[at * 5] = sigma[at] ?? 0
    state[at + 1] = words.getInt32(at * 4, true)
    state[at + 6] = nonce.getInt32(at * 4, true)
    state[at + 11] = words.getInt32(16 + at * 4, true)
  }
  return state
}

/** HSalsa20: the key for the last eight bytes of a nonce of twenty-four. */
function deriveKey(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const state = layOut(key, nonce.subarray(0, 16))
  twentyRounds(state)
  const derived = new DataView(new ArrayBuffer(32))
  ;[0, 5, 10, 15, 6, 7, 8, 9].forEach((word, at) => {
    derived.setInt32(at * 4, state[word] ?? 0, true)
  })
  return new Uint8Array(derived.buffer)
}

/** The first `length` bytes of XSalsa20's stream. */
function keyStream(key: Uint8Array, nonce: Uint8Array, length: number): Uint8Array {
  const derived = deriveKey(key, nonce)
  const input = new Uint8Array(16)
  input.set(nonce.subarray(16))
  const counter = new DataView(input.buffer, 8)
  const stream = new DataView(new ArrayBuffer(Math.ceil(length / blockBytes) * blockBytes))
  for (let block = 0; block * blockBytes < length; block++) {
    counter.setUint32(0, block, true)
    const initial = layOut(derived, input)
    const state = initial.slice()
    twentyRounds(state)
    for (let word = 0; word < 16; word++)
      stream.setInt32(block * blockBytes + word * 4, ((state[word] ?? 0) + (initial[word] ?? 0)) | 0, true)
  }
  return new Uint8Array(stream.buffer, 0, length)
}

const prime = (1n << 130n) - 5n
const clamp = 0x0ffffffc0ffffffc0ffffffc0fffffffn

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at] ?? 0)
  return value
}

/** RFC 8439 §2.5 */
function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const multiplier = littleEndian(key.subarray(0, 16)) & clamp
  let sum = 0n
  for (let from = 0; from < message.length; from += 16) {
    const block = message.subarray(from, from + 16)
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * multiplier) % prime
  }
  sum += littleEndian(key.subarray(16, 32))
  return Uint8Array.from({ length: tagBytes }, (_, at) => Number((sum >> BigInt(8 * at)) & 0xffn))
}

/** The stream's first 32 bytes are the key of the tag, the rest is for the message. */
function crypt(key: Uint8Array, nonce: Uint8Array, message: Uint8Array) {
  const stream = keyStream(key, nonce, 32 + message.length)
  return {
    tagKey: stream.subarray(0, 32),
    crypted: message.map((byte, at) => byte ^ (stream[32 + at] ?? 0)),
  }
}

/** NaCl's `crypto_secretbox`: the tag, then the encrypted message. */
export function seal(key: Uint8Array, nonce: Uint8Array, message: Uint8Array): Uint8Array {
  const { tagKey, crypted } = crypt(key, nonce, message)
  const box = new Uint8Array(tagBytes + crypted.length)
  box.set(poly1305(tagKey, crypted))
  box.set(crypted, tagBytes)
  return box
}

/** Undefined for what was not sealed by this key and nonce. */
export function open(key: Uint8Array, nonce: Uint8Array, box: Uint8Array): Uint8Array | undefined {
  const message = box.subarray(tagBytes)
  const { tagKey, crypted } = crypt(key, nonce, message)
  return timingSafeEqual(poly1305(tagKey, message), box.subarray(0, tagBytes)) ? crypted : undefined
}
