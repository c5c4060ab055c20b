import type { RunProgram } from '../base/host/run-program.ts'

/** Of iptables; by it the rules are known after a crash. */
const commentOf = (networkName: string): string => `${networkName}: traffic of pods`

const rulesOf = (clusterCidr: string, networkName: string): readonly (readonly string[])[] =>
  ['-s', '-d'].map((side) => [
    ...[side, clusterCidr],
    ...['-m', 'comment', '--comment', commentOf(networkName), '-j', 'ACCEPT'],
  ])

const programOf = (clusterCidr: string): string => (clusterCidr.includes(':') ? 'ip6tables' : 'iptables')

/**
 * Where somebody (Docker, a firewall) made iptables drop what is forwarded, an accepting rule of another
 * table does not help: pods' traffic has to be let through in that very chain. Elsewhere nothing is done.
 */
export async function acceptForwarding(
  clusterCidr: string,
  networkName: string,
  run: RunProgram,
): Promise<void> {
  const program = programOf(clusterCidr)
  let policy: string
  try {
    policy = await run(program, ['-w', '-S', 'FORWARD'])
  } catch {
    // No iptables here, so nobody's rules of it either.
    return
  }
  if (!policy.includes('-P FORWARD DROP')) return
  for (const rule of rulesOf(clusterCidr, networkName)) {
    const there = await run(program, ['-w', '-C', 'FORWARD', ...rule]).then(
      () => true,
      () => false,
    )
    if (!there) await run(program, ['-w', '-I', 'FORWARD', ...rule])
  }
}

/** Takes those rules back, in both families. */
export async function refuseForwarding(networkName: string, run: RunProgram): Promise<void> {
  for (const program of ['iptables', 'ip6tables']) {
    let listing: string
    try {
      listing = await run(program, ['-w', '-S', 'FORWARD'])
    } catch {
      continue
    }
    for (const line of listing.split('\n')) {
      if (!line.includes(`"${commentOf(networkName)}"`)) continue
      const range = /-[sd] \S+/.exec(line)?.[0].split(' ')
      if (range === undefined) continue
      const rule = [...range, '-m', 'comment', '--comment', commentOf(networkName), '-j', 'ACCEPT']
      await run(program, ['-w', '-D', 'FORWARD', ...rule])
    }
  }
}
