import { banner, byPrefix, type FactMessage, type Facts, parseTypeName, prefixOf, quote } from './facts.ts'

function packMessage(
  message: FactMessage,
  prefix: string,
): Readonly<Record<string, readonly [number, string]>> {
  const short = (full: string) => (prefixOf(full) === prefix ? `#${full.slice(prefix.length)}` : `#${full}`)
  const fields = Object.entries(message)
    .toSorted(([, [a]], [, [b]]) => a - b)
    .map(
      ([name, [number, type]]) => [name, [number, type.replace(/io\.k8s\.[\w.-]+/, short)] as const] as const,
    )
  return Object.fromEntries(fields)
}

/** The field numbers as one JSON string for each group and version. */
export function generateProtobuf(facts: Facts): Map<string, string> {
  const lines = [...byPrefix(Object.keys(facts.messages))].map(([prefix, names]) => {
    const messages = names.map((full) => [
      parseTypeName(full).name,
      packMessage(facts.messages[full] ?? {}, prefix),
    ])
    return `  ${quote(prefix)}:\n    ${quote(JSON.stringify(Object.fromEntries(messages)))},\n`
  })
  const text = `${banner}
/**
 * Prefix of the messages' OpenAPI names → JSON of the messages by their last name: field → [number, type].
 * Types are protobuf's scalars, \`#Message\` (of the same prefix or full), \`repeated …\`, \`map<string,…>\` and
 * \`inline …\`: a message of its own in protobuf whose fields JSON has in the parent.
 */
export const protobufPacks: Readonly<Record<string, string>> = {
${lines.join('')}}
`
  return new Map([['protobuf.ts', text]])
}
