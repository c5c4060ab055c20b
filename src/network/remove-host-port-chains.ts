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

/** Whether a table, as nft lists it, holds nothing but iptables' own chains, without a rule. Pure. */
export function isBareTable(listing: string): boolean {
  return listing
    .split('\n')
    .every((line) =>
      /^(table .*\{|}|chain (PREROUTING|INPUT|OUTPUT|POSTROUTING) \{|type nat hook .* policy accept;|# .*|)$/.test(
        line.trim(),
      ),
    )
}

/** Takes them away where nobody has a port any more, and the tables that iptables made for them. */
export async function removeHostPortChains(run: RunProgram): Promise<void> {
  let found = false
  for (const program of ['iptables', 'ip6tables']) {
    const listing = await run(program, ['-w', '-t', 'nat', '-S']).catch(() => '')
    for (const removal of hostPortRemovals(listing)) {
      await run(program, ['-w', '-t', 'nat', ...removal])
      found = true
    }
  }
  if (!found) return
  for (const family of ['ip', 'ip6']) {
    const listing = await run('nft', ['list', 'table', family, 'nat']).catch(() => undefined)
    if (listing !== undefined && isBareTable(listing)) await run('nft', ['delete', 'table', family, 'nat'])
  }
}
