import type { Host } from '../../base/host.ts'
import { uidBytes, uuidOf } from '../../base/uuid.ts'

/** Without vowels and look-alikes; upstream's (apimachinery/pkg/util/rand). */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
const suffixLength = 5
const maxNameLength = 63

/** How often a create with generateName is tried before its name counts as taken. */
export const maxGenerateAttempts = 8

/** `prefix` and five random characters; the prefix is cut so that a label can hold the name. */
export function generateName(prefix: string, host: Host): string {
  let name = prefix.slice(0, maxNameLength - suffixLength)
  for (let index = 0; index < suffixLength; index++)
    name += alphabet.charAt(Math.floor(host.random() * alphabet.length))
  return name
}

export const newUid = (host: Host): string => uuidOf(host.randomBytes(uidBytes), 0)
