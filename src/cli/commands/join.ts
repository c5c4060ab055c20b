import { hostname } from 'node:os'
import { createLogger } from '../../base/host/logger.ts'
import type { RegistryMirror } from '../../cluster/index.ts'
import { parseToken } from '../../cluster/join/bootstrap-tokens.ts'
import type { Discovery } from '../../cluster/join/discover-cluster.ts'
import { joinNode } from '../../cluster/join/join-node.ts'
import { readPublicKeyHash } from '../../cluster/join/public-key-hash.ts'
import { chosenDirectory } from '../chosen-directory.ts'
import { detach, endSignal, orTell, report, say, tellReady } from '../detached.ts'
import { requirePackages } from '../require-packages.ts'

export interface JoinCommandOptions {
  readonly detach: boolean
  readonly dataDir?: string
  readonly token?: string
  readonly discoveryTokenCaCertHash: readonly string[]
  readonly discoveryTokenUnsafeSkipCaVerification: boolean
  readonly nodeName?: string
  readonly nodeIp?: string
  readonly registryMirror: readonly RegistryMirror[]
  readonly installDeps: boolean
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** Undefined where nothing is said: the machine has joined before. */
function discoveryOf(endpoint: string | undefined, options: JoinCommandOptions): Discovery | undefined {
  const { token, discoveryTokenCaCertHash: hashes, discoveryTokenUnsafeSkipCaVerification: skip } = options
  if (endpoint === undefined && token === undefined) return undefined
  if (endpoint === undefined || token === undefined)
    throw new Error(
      'HOST:PORT and --token go together: "timonel token create --print-join-command" prints both',
    )
  if (hashes.length === 0 && !skip)
    throw new Error(
      'using token-based discovery without --discovery-token-ca-cert-hash can be unsafe. Set --discovery-token-unsafe-skip-ca-verification as true in your configuration to ignore this and continue',
    )
  return { endpoint, token: parseToken(token), hashes: hashes.map(readPublicKeyHash) }
}

async function run(root: string, endpoint: string | undefined, options: JoinCommandOptions): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Error('a node with containers needs root on Linux')
  const discovery = discoveryOf(endpoint, options)
  await requirePackages(options.installDeps)
  const ended = endSignal()
  const { logLevel } = options
  const nodeName = (options.nodeName ?? hostname()).toLowerCase()
  const node = await joinNode(
    {
      ...{ logLevel, dataDirectory: root, nodeName, discovery, nodeAddress: options.nodeIp },
      logger: createLogger({ level: logLevel }).child({ node: nodeName }),
      registryMirrors: options.registryMirror,
    },
    report(),
  )
  say(`\nThis machine is the cluster's node ${nodeName}.`)
  if (!tellReady()) process.stdout.write('Ctrl-C ends its pods; "timonel join" resumes it.\n')
  await ended
  await node.stop()
  process.exit(0)
}

/** Makes this machine a node of a cluster that runs elsewhere, and stays with it. */
export async function join(endpoint: string | undefined, options: JoinCommandOptions): Promise<void> {
  const root = chosenDirectory(options.dataDir)
  await orTell(options.detach ? detach(root) : run(root, endpoint, options))
}
