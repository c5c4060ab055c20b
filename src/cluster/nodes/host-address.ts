import { isLoopbackIp } from '../../apimachinery/ip-address.ts'
import type { RunProgram } from '../../base/host/run-program.ts'
import { addLocalAddress, removeLocalAddress } from '../../dns/local-address.ts'

/** The part of `ip -j route` and `ip -j address` that matters. */
interface ListedRoute {
  readonly dst?: string
  readonly prefsrc?: string
}
interface ListedLink {
  readonly ifname?: string
  readonly addr_info?: readonly {
    readonly local?: string
    readonly scope?: string
    readonly family?: string
  }[]
}

/** Some address of the Internet: the kernel is asked how it would get there, nothing is sent (documentation, RFC 5737). */
const anywhere = '198.51.100.1'

/** For a machine that has no address but loopback: pods need one to reach the API server at. */
const fallbackAddress = '10.89.255.1'

async function list<T>(run: RunProgram, args: readonly string[]): Promise<readonly T[]> {
  try {
    const found: readonly T[] = JSON.parse((await run('ip', ['-j', ...args])) || '[]')
    return found
  } catch {
    return []
  }
}

/**
 * The address by which a node that is this machine itself is known: the one it speaks from, else its first
 * one, else one that is put on `lo` (`releaseHostAddress` takes it away).
 */
export async function hostAddress(run: RunProgram): Promise<string> {
  const [route] = await list<ListedRoute>(run, ['-4', 'route', 'get', anywhere])
  if (route?.prefsrc !== undefined) return route.prefsrc
  const links = await list<ListedLink>(run, ['-4', 'address', 'show'])
  for (const { ifname = '', addr_info: addresses = [] } of links) {
    // Not what containers and clusters made.
    if (/^(tml|veth|docker|br-|cni)/.test(ifname)) continue
    const found = addresses.find(({ local = '', scope }) => scope === 'global' && !isLoopbackIp(local))?.local
    if (found !== undefined && found !== fallbackAddress) return found
  }
  await addLocalAddress(fallbackAddress, run)
  return fallbackAddress
}

/** Takes an address away that `hostAddress` had to add; leaves all others alone. */
export async function releaseHostAddress(address: string, run: RunProgram): Promise<void> {
  if (address === fallbackAddress) await removeLocalAddress(address, run)
}

/** What the host's routes and addresses take up, for `freeSubnet`. */
export async function takenRanges(run: RunProgram): Promise<readonly string[]> {
  const routes = await list<ListedRoute>(run, ['-4', 'route', 'show', 'table', 'all'])
  return routes.flatMap(({ dst = '' }) =>
    dst === 'default' || dst === '' ? [] : [dst.includes('/') ? dst : `${dst}/32`],
  )
}
