import { freshBytes, type RandomBytes, tooShort, type ValueCipher } from './value-cipher.ts'
import { nonceBytes, open, seal, tagBytes } from './xsalsa20-poly1305.ts'

/** NaCl's secretbox with a random nonce in front. `key`: 32 bytes. */
export const secretbox = (key: Uint8Array, randomBytes: RandomBytes = freshBytes): ValueCipher => ({
  encrypt: (_storageKey, value) => {
    const nonce = randomBytes(nonceBytes)
    const box = seal(key, nonce, value)
    const data = new Uint8Array(nonceBytes + box.length)
    data.set(nonce)
    data.set(box, nonceBytes)
    return data
  },
  decrypt: (_storageKey, data) => {
    if (data.length < nonceBytes + tagBytes) throw tooShort()
    const value = open(key, data.subarray(0, nonceBytes), data.subarray(nonceBytes))
    // Upstream's words.
    if (value === undefined) throw new Error('output array was not large enough for encryption')
    return value
  },
})
