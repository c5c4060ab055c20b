import { randomFillSync } from 'node:crypto'

/** Encrypts values under keys of the store. */
export interface ValueCipher {
  encrypt(storageKey: string, value: Uint8Array): Uint8Array
  /** Throws an Error in upstream's words for what it has not encrypted, or somebody has changed. */
  decrypt(storageKey: string, data: Uint8Array): Uint8Array
  /** Whether `encrypt` would use another key now. Absent: there is one alone. */
  isStale?(storageKey: string, data: Uint8Array): boolean
  /** For ciphers that have to ask somebody before they can decrypt: undefined where they can at once. */
  prepare?(data: Uint8Array): Promise<void> | undefined
}

export const tooShort = (): Error => new Error('the stored data was shorter than the required size')

export type RandomBytes = (length: number) => Uint8Array

/** One call of the operating system each time: for who encrypts seldom. */
export const freshBytes: RandomBytes = (length) => randomFillSync(new Uint8Array(length))
