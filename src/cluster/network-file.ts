import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultNetwork, type NetworkOptions } from './options.ts'

const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right)

/**
 * The network of a data directory: what its first start was told, which nobody has to repeat. Throws for an option
 * that contradicts it: objects in the store have these addresses.
 */
export function networkOf(root: string, wanted: Partial<NetworkOptions> = {}): NetworkOptions {
  const file = join(root, 'network.json')
  if (!existsSync(file)) {
    const network = { ...defaultNetwork, ...wanted }
    writeFileSync(file, `${JSON.stringify(network, null, 2)}\n`)
    return network
  }
  const kept = { ...defaultNetwork, ...(JSON.parse(readFileSync(file, 'utf8')) as Partial<NetworkOptions>) }
  for (const [name, value] of Object.entries(wanted)) {
    const before = kept[name as keyof NetworkOptions]
    if (same(value, before)) continue
    throw new Error(
      `the cluster in ${root} was made with ${name} ${JSON.stringify(before)}, and cannot be given ${JSON.stringify(value)}`,
    )
  }
  return kept
}
