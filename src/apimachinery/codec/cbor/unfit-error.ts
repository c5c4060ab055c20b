import { DecodeError } from '../decode-error.ts'

/** Of major types. */
export const typeNames: readonly string[] = [
  'positive integer',
  'negative integer',
  'byte string',
  'UTF-8 text string',
  'array',
  'map',
  'tag',
  'primitives',
]

/** What is wrong with what is well-formed. */
export class UnfitError extends DecodeError {}

export const refused = (type: number, what: string): DecodeError =>
  new UnfitError(`cbor: data item of cbor type ${typeNames[type]} is not accepted by protocol: ${what}`)
