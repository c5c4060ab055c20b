/** Major types (RFC 8949 §3.1). */
export const major = {
  unsigned: 0,
  negative: 1,
  bytes: 2,
  text: 3,
  array: 4,
  map: 5,
  tag: 6,
  primitive: 7,
} as const

export const tags = {
  dateTime: 0,
  epochTime: 1,
  positiveBignum: 2,
  negativeBignum: 3,
  base64Url: 21,
  base64: 22,
  base16: 23,
} as const

/** Tag 55799 says that CBOR follows: every document's first bytes. */
export const selfDescribed: Uint8Array = Uint8Array.of(0xd9, 0xd9, 0xf7)
