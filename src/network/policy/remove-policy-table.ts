import type { RunProgram } from '../../base/host/run-program.ts'

/** Of nftables, for both families; ours alone. `networkName` is unique on the machine. */
export const policyTableName = (networkName: string): string => `inet ${networkName}-policy`

/** Nothing is isolated any more. Also where there is no such table. */
export async function removePolicyTable(networkName: string, run: RunProgram): Promise<void> {
  const table = policyTableName(networkName)
  await run('nft', ['-f', '-'], { input: `add table ${table}\ndelete table ${table}\n` })
}
