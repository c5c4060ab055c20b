import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Gone with the next boot, as are the networks. */
const folder = '/run/timonel'

/** One for each network namespace that a cluster may be started in. */
const claimFile = (): string => join(folder, `network-${statSync('/proc/self/ns/net').ino}`)

/** The data directory of the cluster whose node is this machine itself; undefined where there is none. */
function owner(): string | undefined {
  const file = claimFile()
  const directory = existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
  // Deleted by hand, or another machine's whose number has come again.
  return directory !== '' && existsSync(directory) ? directory : undefined
}

/** Whether the rules, addresses and routes of this network are the cluster's to take away. */
export function ownsMachineNetwork(dataDirectory: string): boolean {
  const current = owner()
  return current === undefined || current === resolve(dataDirectory)
}

/**
 * A node without a namespace has ports, rules and addresses that exist once on a machine. Throws where another
 * cluster has them, also one that has crashed: its pods may still run.
 */
export function claimMachineNetwork(dataDirectory: string): void {
  if (!ownsMachineNetwork(dataDirectory)) {
    const stop = `timonel down --data-dir ${owner()}`
    throw new Error(
      `the cluster in ${owner()} has this machine's network: end it with "${stop}", or start with --nodes 2 or more, whose nodes have networks of their own`,
    )
  }
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  writeFileSync(claimFile(), `${resolve(dataDirectory)}\n`)
}

export function releaseMachineNetwork(dataDirectory: string): void {
  if (ownsMachineNetwork(dataDirectory)) rmSync(claimFile(), { force: true })
}
