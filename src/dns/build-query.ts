import { assert } from '../base/assert.ts'
import { headerLength, parseQuery, type Query } from './message.ts'

/** A question of our own, with recursion desired; its id is whoever's who sends it. */
export function buildQuery(name: string, type: number): Query {
  const labels = name.split('.').map((label) => Buffer.from(label, 'latin1').subarray(0, 63))
  const header = Buffer.alloc(headerLength)
  header.writeUInt16BE(0x0100, 2)
  header.writeUInt16BE(1, 4)
  const end = Buffer.alloc(5)
  end.writeUInt16BE(type, 1)
  end.writeUInt16BE(1, 3)
  const parts = labels.flatMap((label) => [Buffer.from([label.length]), label])
  const query = parseQuery(Buffer.concat([header, ...parts, end]))
  assert(typeof query === 'object', `a question for ${name} cannot be read`)
  return query
}
