import type { RunProgram } from '../base/host/run-program.ts'
import type { IpFamily } from './ip-family.ts'

/** A tracked UDP flow: what the client asked for, and who answers. */
export interface UdpFlow {
  readonly destination: string
  readonly destinationPort: number
  readonly replySource: string
  readonly replySourcePort: number
}

/** Where a UDP Service is reached, and who may answer for it. */
export interface UdpFrontend {
  /** undefined: any address, for node ports. */
  readonly ip: string | undefined
  readonly port: number
  /** `ip port` of each serving endpoint. */
  readonly endpoints: ReadonlySet<string>
}

export const endpointText = (ip: string, port: number): string => `${ip} ${port}`

/** `conntrack -L -p udp`: a line for each flow, its original direction first, then the reply's. */
export function parseFlows(listing: string): readonly UdpFlow[] {
  const flows: UdpFlow[] = []
  for (const line of listing.split('\n')) {
    const fields = [...line.matchAll(/\b(src|dst|sport|dport)=(\S+)/g)]
    const nth = (name: string, index: number): string | undefined =>
      fields.filter((field) => field[1] === name)[index]?.[2]
    const destination = nth('dst', 0)
    const destinationPort = nth('dport', 0)
    const replySource = nth('src', 1)
    const replySourcePort = nth('sport', 1)
    if (!destination || !destinationPort || !replySource || !replySourcePort) continue
    flows.push({
      destination,
      destinationPort: Number(destinationPort),
      replySource,
      replySourcePort: Number(replySourcePort),
    })
  }
  return flows
}

/** Flows to a Service that lead to what is not (or no longer) an endpoint of it, each pair once. */
export function staleFlows(flows: readonly UdpFlow[], frontends: readonly UdpFrontend[]): readonly UdpFlow[] {
  const byAddress = new Map<string, ReadonlySet<string>>()
  for (const { ip = '*', port, endpoints } of frontends) {
    // Without endpoints there is nobody better to send the flow to.
    if (endpoints.size > 0) byAddress.set(endpointText(ip, port), endpoints)
  }
  const stale = new Map<string, UdpFlow>()
  for (const flow of flows) {
    const answers = endpointText(flow.replySource, flow.replySourcePort)
    const endpoints =
      byAddress.get(endpointText(flow.destination, flow.destinationPort)) ??
      byAddress.get(endpointText('*', flow.destinationPort))
    if (endpoints === undefined || endpoints.has(answers)) continue
    stale.set(`${endpointText(flow.destination, flow.destinationPort)} ${answers}`, flow)
  }
  return [...stale.values()]
}

const addressFamily: Readonly<Record<IpFamily, string>> = { IPv4: 'ipv4', IPv6: 'ipv6' }

/**
 * Forgets UDP flows that would go on to a vanished endpoint for as long as their client keeps talking. TCP
 * notices by itself. Returns how many pairs of destination and endpoint were forgotten.
 */
export async function forgetStaleFlows(
  family: IpFamily,
  frontends: readonly UdpFrontend[],
  run: RunProgram,
): Promise<number> {
  const ofFamily = ['-f', addressFamily[family]]
  const listing = await run('conntrack', ['-L', ...ofFamily, '-p', 'udp'])
  const stale = staleFlows(parseFlows(listing), frontends)
  for (const flow of stale) {
    const selection = [
      ['--orig-dst', flow.destination],
      ['--orig-port-dst', String(flow.destinationPort)],
      ['--reply-src', flow.replySource],
      ['--reply-port-src', String(flow.replySourcePort)],
    ]
    // It fails where the last such flow has ended meanwhile.
    await run('conntrack', ['-D', ...ofFamily, '-p', 'udp', ...selection.flat()]).catch(() => {})
  }
  return stale.length
}
