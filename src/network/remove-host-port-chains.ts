import type { RunProgram } from '../base/host/run-program.ts'

/** What the CNI plugin portmap makes for its first host port, and never removes. */
const chains = ['CNI-HOSTPORT-DNAT', 'CNI-HOSTPORT-MASQ', 'CNI-HOSTPORT-SETMARK']

/**
 * What goes of the nat table, as `iptables -S` prints it: ports of `networkName` whose pods nobody stopped in
 * order, and, when nobody (other tools use the plugin as well) has a port any more, the plugin's chains. Pure.
 */
export function hostPortRemovals(listing: string, networkName: string): readonly (readonly string[])[] {
  const lines = listing.split('\n')
  const defined = chains.filter((chain) => lines.includes(`-N ${chain}`))
  const ports = lines.filter((line) => line.startsWith('-A CNI-HOSTPORT-DNAT '))
  const ours = ports.filter((line) => line.includes(`name: \\"${networkName}\\" `))
  const portRemovals = ours.flatMap((line) => {
    const words = wordsOf(line).slice(1)
    const chain = words.at(-1) ?? ''
    return [
      ['-D', ...words],
      ['-F', chain],
      ['-X', chain],
    ]
  })
  if (ports.length > ours.length) return portRemovals
  const jumps = lines.filter(
    (line) =>
      /^-A (PREROUTING|OUTPUT|POSTROUTING) /.test(line) &&
      defined.some((chain) => line.endsWith(`-j ${chain}`)),
  )
  return [
    ...portRemovals,
    ...jumps.map((line) => ['-D', ...wordsOf(line).slice(1)]),
    ...defined.map((chain) => ['-F', chain]),
    ...defined.map((chain) => ['-X', chain]),
  ]
}

/** iptables prints arguments as a shell would read them; here only comments are quoted. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    (match) => match[1]?.replaceAll(/\\(.)/g, '$1') ?? match[2] ?? '',
  )
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
export async function removeHostPortChains(networkName: string, run: RunProgram): Promise<void> {
  let found = false
  for (const program of ['iptables', 'ip6tables']) {
    const listing = await run(program, ['-w', '-t', 'nat', '-S']).catch(() => '')
    for (const removal of hostPortRemovals(listing, networkName)) {
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
