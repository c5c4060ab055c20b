import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where a cluster keeps what outlives its process. */
export interface DataDirectory {
  readonly root: string
  readonly pki: string
  readonly store: string
  /** The administrator's credentials. */
  readonly kubeconfig: string
  /** The credentials of a machine that has joined a cluster: there where it is one. */
  readonly joined: string
  /** Who is running, for `down` and `status`. */
  readonly stateFile: string
  readonly logs: string
  /** Images of WASI modules, for simulated nodes. */
  readonly modules: string
  /** One node's own folder: its containerd, volumes, logs. */
  node(name: string): string
}

export function dataDirectory(root: string): DataDirectory {
  return {
    root,
    pki: join(root, 'pki'),
    store: join(root, 'store'),
    kubeconfig: join(root, 'admin.conf'),
    joined: join(root, 'kubelet.conf'),
    stateFile: join(root, 'run', 'cluster.json'),
    logs: join(root, 'logs'),
    modules: join(root, 'modules'),
    node: (name) => join(root, 'nodes', name),
  }
}

/** `/var/lib/timonel` for root, the user's data folder for everyone else. */
export function defaultDataDirectory(): string {
  if (process.getuid?.() === 0) return '/var/lib/timonel'
  return join(process.env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'timonel')
}
