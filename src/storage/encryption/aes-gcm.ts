import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import { freshBytes, type RandomBytes, tooShort, type ValueCipher } from './value-cipher.ts'

const nonceBytes = 12
const tagBytes = 16
const algorithmOf = (key: Uint8Array): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' =>
  key.length === 16 ? 'aes-128-gcm' : key.length === 24 ? 'aes-192-gcm' : 'aes-256-gcm'

/** AES-GCM with a random nonce in front and the tag behind; a value is good under its own key of the store only. */
export function aesGcm(key: Uint8Array, randomBytes: RandomBytes = freshBytes): ValueCipher {
  const algorithm = algorithmOf(key)
  // Made from plain bytes for each value the key would cost more than all the rest.
  const secret = createSecretKey(key)
  return {
    encrypt: (storageKey, value) => {
      const data = new Uint8Array(nonceBytes + value.length + tagBytes)
      const nonce = randomBytes(nonceBytes)
      data.set(nonce)
      const cipher = createCipheriv(algorithm, secret, nonce)
      cipher.setAAD(Buffer.from(storageKey))
      data.set(cipher.update(value), nonceBytes)
      cipher.final()
      data.set(cipher.getAuthTag(), nonceBytes + value.length)
      return data
    },
    decrypt: (storageKey, data) => {
      if (data.length < nonceBytes) throw tooShort()
      const end = data.length - tagBytes
      const failed = new Error('cipher: message authentication failed')
      if (end < nonceBytes) throw failed
      const decipher = createDecipheriv(algorithm, secret, data.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAAD(Buffer.from(storageKey))
      decipher.setAuthTag(data.subarray(end))
      const value = new Uint8Array(decipher.update(data.subarray(nonceBytes, end)))
      try {
        decipher.final()
      } catch {
        throw failed
      }
      return value
    },
  }
}
