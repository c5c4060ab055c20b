import { containsIp, parseCidr } from '../apimachinery/ip-address.ts'
import type { RunProgram } from '../base/host/run-program.ts'

export interface Route {
  readonly destination: string
  /** The next node; absent for what is on the wire. */
  readonly via?: string
  readonly device?: string
  readonly source?: string
}

/** A number of routing protocols that nobody has (rtnetlink(7)): by it our routes are known after a crash. */
const routeProtocol = '197'

/** The part of `ip -j route` that matters. */
interface ListedRoute {
  readonly dst?: string
  readonly gateway?: string
  readonly dev?: string
  readonly prefsrc?: string
}

const argumentsOf = (route: Route): readonly string[] => [
  route.destination,
  ...(route.via === undefined ? [] : ['via', route.via]),
  ...(route.device === undefined ? [] : ['dev', route.device]),
  ...(route.source === undefined ? [] : ['src', route.source]),
  'proto',
  routeProtocol,
]

const inside = (destination: string, ranges: readonly string[]): boolean => {
  const base = parseCidr(destination.includes('/') ? destination : `${destination}/32`)?.base
  return ranges.some((text) => {
    const range = parseCidr(text)
    return base !== undefined && range !== undefined && containsIp(range, base)
  })
}

/** This namespace's routing table, through the program `ip`. */
export class Routes {
  readonly #run: RunProgram

  constructor(run: RunProgram) {
    this.#run = run
  }

  /** How the kernel would reach `address`; undefined if it would not. */
  async to(address: string): Promise<Route | undefined> {
    try {
      const output = await this.#run('ip', ['-j', 'route', 'get', address])
      const [found]: readonly ListedRoute[] = JSON.parse(output)
      return found === undefined ? undefined : read({ ...found, dst: address })
    } catch {
      return undefined
    }
  }

  /** Routes that we once made to somewhere in `ranges`. */
  async ours(ranges: readonly string[]): Promise<readonly Route[]> {
    const output = await this.#run('ip', ['-j', 'route', 'show', 'proto', routeProtocol])
    const listed: readonly ListedRoute[] = output.trim() === '' ? [] : JSON.parse(output)
    return listed.map(read).filter(({ destination }) => inside(destination, ranges))
  }

  async replace(route: Route): Promise<void> {
    await this.#run('ip', ['route', 'replace', ...argumentsOf(route)])
  }

  async remove(route: Route): Promise<void> {
    await this.#run('ip', ['route', 'del', route.destination, 'proto', routeProtocol])
  }
}

function read(listed: ListedRoute): Route {
  return {
    destination: listed.dst ?? '',
    ...(listed.gateway === undefined ? {} : { via: listed.gateway }),
    ...(listed.dev === undefined ? {} : { device: listed.dev }),
    ...(listed.prefsrc === undefined ? {} : { source: listed.prefsrc }),
  }
}
