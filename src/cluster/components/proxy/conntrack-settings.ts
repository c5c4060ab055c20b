import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { messageOf } from '../../../base/message-of.ts'
import type { ProxyFlags } from './proxy-flags.ts'

/** However many processors there are. */
const mostTracked = 1_048_576
const hashSizeFile = '/sys/module/nf_conntrack/parameters/hashsize'

function trackedAtMost(flags: ProxyFlags, processors: number): number {
  const perCore = flags['conntrack-max-per-core']
  if (perCore === 0) return 0
  const scaled = perCore * processors
  return scaled > mostTracked ? mostTracked : Math.max(scaled, flags['conntrack-min'])
}

/** What the kernel's connection tracking is told, by the names below net.netfilter; what is 0 stays as it is. */
export function conntrackSettings(flags: ProxyFlags, processors: number): ReadonlyMap<string, number> {
  const seconds = (flag: `conntrack-${string}` & keyof ProxyFlags): number =>
    Math.floor(Number(flags[flag]) / 1000)
  const settings: readonly (readonly [string, number])[] = [
    ['nf_conntrack_max', trackedAtMost(flags, processors)],
    ['nf_conntrack_tcp_timeout_established', seconds('conntrack-tcp-timeout-established')],
    ['nf_conntrack_tcp_timeout_close_wait', seconds('conntrack-tcp-timeout-close-wait')],
    ['nf_conntrack_tcp_be_liberal', flags['conntrack-tcp-be-liberal'] ? 1 : 0],
    ['nf_conntrack_udp_timeout', seconds('conntrack-udp-timeout')],
    ['nf_conntrack_udp_timeout_stream', seconds('conntrack-udp-timeout-stream')],
  ]
  return new Map(settings.filter(([, value]) => value > 0))
}

const numberIn = async (file: string): Promise<number> => Number((await readFile(file, 'utf8')).trim())

/** Changes the machine's settings where they are others. Throws upstream's error. */
export async function setConntrack(flags: ProxyFlags): Promise<void> {
  try {
    for (const [name, value] of conntrackSettings(flags, availableParallelism())) {
      const file = `/proc/sys/net/netfilter/${name}`
      if ((await numberIn(file)) !== value) await writeFile(file, String(value))
      const buckets = Math.floor(value / 4)
      if (name === 'nf_conntrack_max' && (await numberIn(hashSizeFile)) < buckets)
        await writeFile(hashSizeFile, String(buckets))
    }
  } catch (error) {
    throw new Error(`could not set conntrack parameters from kube-proxy configuration: ${messageOf(error)}`)
  }
}
