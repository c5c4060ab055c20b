import type { RunProgram } from '../base/host/run-program.ts'

/** What the CNI plugin portmap makes for its first host port, and never removes. */
const chains = ['CNI-HOSTPORT-DNAT', 'CNI-HOSTPORT-MASQ', 'CNI-HOSTPORT-SETMARK']

/** Chains and rules of the nat table, as `iptables -S` prints them, that go when no port is left. Pure. */
export function hostPortRemovals(listing: string): readonly (readonly string[])[] {
  const lines = listing.split('\n')
  const defined = chains.filter((chain) => lines.includes(`-N ${chain}`))
  // Somebody's port (other tools use the plugin as well) is in this chain.
  if (lines.some((line) => line.startsWith('-A CNI-HOSTPORT-DNAT '))) return []
  const jumps = lines.filter(
    (line) =>
      /^-A (PREROUTING|OUTPUT|POSTROUTING) /.test(line) &&
      defined.some((chain) => line.endsWith(`-j ${chain}`)),
  )
  return [
    ...jumps.map((line) => ['-D', ...wordsOf(line).slice(1)]),
    ...defined.map((chain) => ['-F', chain]),
    ...defined.map((chain) => ['-X', chain]),
  ]
}

/** iptables prints arguments as a shell would read them; here only comments are quoted. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
}

export async function removeHostPortChains(run: RunProgram): Promise<void> {
  for (const program of ['iptables', 'ip6tables']) {
    let listing: string
    try {
      listing = await run(program, ['-w', '-t', 'nat', '-S'])
    } catch {
      continue
    }
    for (const removal of hostPortRemovals(listing)) await run(program, ['-w', '-t', 'nat', ...removal])
  }
}
