import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import { freshBytes, type RandomBytes, tooShort, type ValueCipher } from './value-cipher.ts'

const blockBytes = 16

const algorithmOf = (key: Uint8Array): 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc' =>
  key.length === 16 ? 'aes-128-cbc' : key.length === 24 ? 'aes-192-cbc' : 'aes-256-cbc'

/** AES-CBC with a random initialization vector in front and PKCS #7 padding. Nothing shows that a value was changed. */
export function aesCbc(key: Uint8Array, randomBytes: RandomBytes = freshBytes): ValueCipher {
  const algorithm = algorithmOf(key)
  const secret = createSecretKey(key)
  return {
    encrypt: (_storageKey, value) => {
      const vector = randomBytes(blockBytes)
      const cipher = createCipheriv(algorithm, secret, vector)
      return new Uint8Array(Buffer.concat([vector, cipher.update(value), cipher.final()]))
    },
    decrypt: (_storageKey, data) => {
      if (data.length < blockBytes) throw tooShort()
      if (data.length % blockBytes !== 0)
        throw new Error('the stored data is not a multiple of the block size')
      const decipher = createDecipheriv(algorithm, secret, data.subarray(0, blockBytes))
      decipher.setAutoPadding(false)
      const padded = new Uint8Array(
        Buffer.concat([decipher.update(data.subarray(blockBytes)), decipher.final()]),
      )
      const padding = padded.at(-1) ?? 0
      if (padding === 0 || padding > padded.length)
        throw new Error('invalid PKCS7 data (empty or not padded)')
      if (padded.subarray(-padding).some((byte) => byte !== padding))
        throw new Error('invalid padding on input')
      return padded.subarray(0, padded.length - padding)
    },
  }
}
