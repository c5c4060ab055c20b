import { readFile } from 'node:fs/promises'

export interface ResolvConfFiles {
  readonly usual: string
  /** The one with the real servers, where systemd-resolved runs. */
  readonly behindStub: string
}

const files: ResolvConfFiles = {
  usual: '/etc/resolv.conf',
  behindStub: '/run/systemd/resolve/resolv.conf',
}

/**
 * The resolv.conf that holds name servers which pods can reach, too: systemd-resolved's own where the usual one names
 * just its stub on the loopback interface (`--resolv-conf`, as kubeadm sets it).
 */
export async function resolvConfPath({ usual, behindStub }: ResolvConfFiles = files): Promise<string> {
  const text = await readFile(usual, 'utf8').catch(() => '')
  const servers = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server]) => server)
  if (servers.some((server) => server !== '127.0.0.53')) return usual
  const hasOther = await readFile(behindStub, 'utf8').then(
    () => true,
    () => false,
  )
  return servers.length > 0 && hasOther ? behindStub : usual
}
