import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { humanDuration } from '../../api/human-duration.ts'
import { formatTime } from '../../apimachinery/time.ts'
import {
  type Client,
  createClient,
  createHttpsTransport,
  dataDirectory,
  loadKubeconfig,
  realHost,
} from '../../cluster/index.ts'
import { allowJoining } from '../../cluster/join/allow-joining.ts'
import {
  createToken,
  deleteToken,
  type ListedToken,
  listTokens,
  newToken,
  parseToken,
  tokenSecret,
  tokenText,
} from '../../cluster/join/bootstrap-tokens.ts'
import { publicKeyHash } from '../../cluster/join/public-key-hash.ts'
import { clusterOnlyKubeconfig } from '../../cluster/kubeconfig.ts'
import { networkOf } from '../../cluster/network-file.ts'
import { ownAddress } from '../../cluster/place.ts'
import { chosenDirectory } from '../chosen-directory.ts'

export interface TokenOptions {
  readonly dataDir?: string
}

export interface CreateTokenOptions extends TokenOptions {
  readonly ttl: number
  readonly usages: readonly string[]
  readonly groups: readonly string[]
  readonly description?: string
  readonly printJoinCommand: boolean
  readonly server?: string
}

/** The cluster of a data directory, as its administrator. */
async function withCluster<T>(
  options: TokenOptions,
  work: (client: Client, root: string, server: string) => Promise<T>,
): Promise<T> {
  const root = chosenDirectory(options.dataDir)
  const context = loadKubeconfig(dataDirectory(root).kubeconfig)
  const transport = createHttpsTransport({ host: realHost, ...context })
  try {
    return await work(createClient(transport), root, context.server)
  } finally {
    await transport.close()
  }
}

/** Nobody can join at an address that the API server's certificate does not name. */
function checkNamed(host: string, pki: string): void {
  const certificate = new X509Certificate(readFileSync(join(pki, 'apiserver.crt')))
  const named = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)
  if (named === undefined)
    throw new Error(
      `the API server's certificate does not name ${host}, but ${certificate.subjectAltName ?? 'nothing'}: give --server one of those`,
    )
}

/** `HOST:PORT` as other machines reach the API server. */
function endpointOf(given: string | undefined, server: string, pki: string): string {
  const { port } = new URL(server)
  const [, host = '', givenPort = port] =
    /^(\[.*\]|[^:]+)(?::(\d+))?$/.exec(given ?? ownAddress() ?? '') ?? []
  if (host === '') throw new Error('this machine has no address but loopback: give --server HOST:PORT')
  checkNamed(host.replace(/^\[|\]$/g, ''), pki)
  return `${host}:${givenPort}`
}

/** Opens the cluster to other machines, and prints a token for them. */
export async function create(text: string | undefined, options: CreateTokenOptions): Promise<void> {
  const token = text === undefined ? newToken(realHost) : parseToken(text)
  const printed = await withCluster(options, async (client, root, server) => {
    const { pki } = dataDirectory(root)
    const endpoint = endpointOf(options.server, server, pki)
    const authority = readFileSync(join(pki, 'ca.crt'), 'utf8')
    const kubeconfig = clusterOnlyKubeconfig(`https://${endpoint}`, authority)
    await allowJoining({ client, kubeconfig, network: networkOf(root) })
    const { ttl: ttlMs, usages, groups, description } = options
    await createToken(client, tokenSecret(token, { ttlMs, usages, groups, description }, realHost.now()))
    if (!options.printJoinCommand) return tokenText(token)
    const hash = publicKeyHash(new X509Certificate(authority))
    return `timonel join ${endpoint} --token ${tokenText(token)} --discovery-token-ca-cert-hash ${hash}`
  })
  process.stdout.write(`${printed}\n`)
}

const heading = ['TOKEN', 'TTL', 'EXPIRES', 'USAGES', 'DESCRIPTION', 'EXTRA GROUPS']

const orNone = (words: readonly string[]): string => (words.length === 0 ? '<none>' : words.join(','))

function row({ token, endMs, usages, description, groups }: ListedToken): readonly string[] {
  const now = realHost.now()
  const [ttl, expires] =
    endMs === undefined ? ['<forever>', '<never>'] : [humanDuration(endMs - now), formatTime(endMs)]
  return [token, ttl, expires, orNone(usages), description === '' ? '<none>' : description, orNone(groups)]
}

/** Columns three spaces apart. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = heading.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)))
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 3))
      .join('')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

export async function list(options: TokenOptions): Promise<void> {
  const tokens = await withCluster(options, listTokens)
  if (tokens.length > 0) process.stdout.write(table([heading, ...tokens.map(row)]))
}

export async function remove(texts: readonly string[], options: TokenOptions): Promise<void> {
  await withCluster(options, async (client) => {
    for (const text of texts)
      process.stdout.write(`bootstrap token "${await deleteToken(client, text)}" deleted\n`)
  })
}
