import { createHmac, randomFillSync } from 'node:crypto'
import { aesGcm } from '../aes-gcm.ts'
import { tooShort, type ValueCipher } from '../value-cipher.ts'

export const seedBytes = 32
const infoBytes = 32

/** HKDF's expansion by SHA-256 to 32 bytes (RFC 5869 §2.3), which takes the seed as it is. */
const expand = (seed: Uint8Array, info: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac('sha256', seed).update(info).update(Uint8Array.of(1)).digest())

/** AES-GCM with a key of its own for each value, from a seed and 32 random bytes in front of the value. */
export const seededGcm = (seed: Uint8Array): ValueCipher => ({
  encrypt: (storageKey, value) => {
    const info = randomFillSync(new Uint8Array(infoBytes))
    const data = aesGcm(expand(seed, info)).encrypt(storageKey, value)
    const whole = new Uint8Array(infoBytes + data.length)
    whole.set(info)
    whole.set(data, infoBytes)
    return whole
  },
  decrypt: (storageKey, data) => {
    if (data.length < infoBytes) throw tooShort()
    const info = data.subarray(0, infoBytes)
    return aesGcm(expand(seed, info)).decrypt(storageKey, data.subarray(infoBytes))
  },
})
