import { spawnSync } from 'node:child_process'
import { delimiter } from 'node:path'
import { findProgram } from '../base/host/find-program.ts'

/** A program or file that real nodes need, and Debian's package that has it. */
interface Need {
  readonly package: string
  /** Programs in PATH, or absolute files. */
  readonly anyOf: readonly string[]
}

const needs: readonly Need[] = [
  { package: 'containerd', anyOf: ['containerd'] },
  { package: 'runc', anyOf: ['runc'] },
  { package: 'containernetworking-plugins', anyOf: ['/usr/lib/cni/bridge', '/opt/cni/bin/bridge'] },
  { package: 'nftables', anyOf: ['nft'] },
  // What the CNI plugin portmap writes host ports with.
  { package: 'iptables', anyOf: ['iptables'] },
  { package: 'iproute2', anyOf: ['ip'] },
]

/** Where programs for root live, even when PATH leaves them out. */
const administratorPath = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** In PATH and root's folders. */
const isThere = (need: Need): boolean => {
  const path = [process.env['PATH'] ?? '', ...administratorPath].join(delimiter)
  return need.anyOf.some((name) => findProgram(name, path) !== undefined)
}

/** Finds root's programs also where PATH leaves their folders out, as after `su`: for us and all that we start. */
export function useAdministratorPath(): void {
  const folders = (process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '')
  process.env['PATH'] = [...new Set([...folders, ...administratorPath])].join(':')
}

/** Debian's names of the packages that are missing for real nodes. */
export function missingPackages(): readonly string[] {
  return needs.filter((need) => !isThere(need)).map((need) => need.package)
}

export const installCommand = (packages: readonly string[]): string =>
  `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`

/** Installs packages with the distribution's tool. Throws with its last lines when it fails. */
export function installPackages(packages: readonly string[]): void {
  const { status, stderr, error } = spawnSync('sh', ['-c', installCommand(packages)], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0) {
    const why = error?.message ?? stderr.trim().split('\n').slice(-3).join('\n')
    throw new Error(`the packages ${packages.join(', ')} could not be installed: ${why}`)
  }
}
