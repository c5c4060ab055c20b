/** Numbers as protobuf has them. */
function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))]
}

const head = (field: number, length: number): Buffer =>
  Buffer.from([...varint(field * 8 + 2), ...varint(length)])
const delimited = (field: number, bytes: Buffer): Buffer => Buffer.concat([head(field, bytes.length), bytes])

/** A message in a message, by these fields from the outermost on. */
export function nestedField(fields: readonly number[]): Buffer {
  const heads: Buffer[] = []
  let length = 0
  for (const field of fields.toReversed()) {
    const next = head(field, length)
    heads.push(next)
    length += next.length
  }
  return Buffer.concat(heads.reverse())
}

/** An object's bytes as the API takes them. */
export function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  const type = Buffer.concat([delimited(1, Buffer.from(apiVersion)), delimited(2, Buffer.from(kind))])
  return Buffer.concat([Buffer.from('k8s\0'), delimited(1, type), delimited(2, raw)])
}
