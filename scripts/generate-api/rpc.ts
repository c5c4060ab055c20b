import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Facts } from './facts.ts'

/** The gRPC descriptors, for `fromJSON` of `@grpc/proto-loader`. */
export function generateRpc(facts: Facts): Map<string, string> {
  const files = readdirSync(facts.folder)
    .filter((file) => /^rpc-.*\.json$/.test(file))
    .toSorted()
  return new Map(
    files.map((file) => {
      const descriptor = JSON.parse(readFileSync(join(facts.folder, file), 'utf8'))
      return [`rpc/${file.slice('rpc-'.length)}`, `${JSON.stringify(descriptor, null, 1)}\n`]
    }),
  )
}
