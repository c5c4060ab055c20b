import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Where one node keeps what. Socket paths are short: the kernel allows 107 bytes. */
export interface NodePaths {
  readonly config: string
  readonly log: string
  readonly containerdRoot: string
  readonly containerdState: string
  readonly socket: string
  readonly cniConfig: string
  readonly cniState: string
  readonly kubelet: string
  /** Images of WASI modules. */
  readonly modules: string
}

export function nodePaths(directory: string): NodePaths {
  const state = join(directory, 'run')
  return {
    config: join(directory, 'node.json'),
    log: join(directory, 'node.log'),
    containerdRoot: join(directory, 'containerd'),
    containerdState: state,
    socket: join(state, 'containerd.sock'),
    cniConfig: join(directory, 'cni'),
    cniState: join(directory, 'ipam'),
    kubelet: join(directory, 'kubelet'),
    modules: join(directory, 'modules'),
  }
}

/** Drop-ins of runtimes beside runc, for all nodes of a cluster. */
export const runtimeHandlersFolder = (dataDirectory: string): string => join(dataDirectory, 'containerd.d')

/** Debian's folder of CNI plugins, or everybody else's. */
export function cniBinaries(): string {
  return (
    ['/usr/lib/cni', '/opt/cni/bin'].find((folder) => existsSync(join(folder, 'host-local'))) ??
    '/usr/lib/cni'
  )
}
