import type { core } from '../../../api/generated/types/index.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import type { DnsConfig } from '../../runtime/messages.ts'

type Pod = core.v1.Pod

/** What pods of the node resolve names with. */
export interface ClusterDns {
  readonly servers: readonly string[]
  readonly domain: string
  /** The node's own resolv.conf; absent: there is none to hand on. */
  readonly host?: DnsConfig
}

export interface PodHostname {
  readonly hostname: string
  /** `sub.namespace.svc.cluster.local`, or ''. */
  readonly domain: string
}

const maxHostnameLength = 63
/** What the kernel takes with setHostnameAsFQDN. */
const maxKernelName = 64
const maxServers = 3
const maxSearches = 32
const maxSearchCharacters = 2048
const maxSearchLength = 253

function cut(name: string): string {
  return name.length <= maxHostnameLength ? name : name.slice(0, maxHostnameLength).replace(/[-.]+$/, '')
}

/** Throws upstream's texts for names that the API server would have refused. */
export function podHostname(pod: Pod, clusterDomain: string): PodHostname {
  const { hostname, subdomain, hostnameOverride } = pod.spec ?? {}
  const complain = (field: string, name: string, what: string, complaints: readonly string[]): void => {
    if (complaints.length > 0) {
      throw new Error(`pod ${field} "${name}" is not a valid DNS ${what}: ${complaints.join(';')}`)
    }
  }
  if (hostnameOverride !== undefined) {
    complain('HostnameOverride', hostnameOverride, 'subdomain', isDns1123Subdomain(hostnameOverride))
    return { hostname: cut(hostnameOverride), domain: '' }
  }
  if (hostname) complain('Hostname', hostname, 'label', isDns1123Label(hostname))
  if (subdomain) complain('Subdomain', subdomain, 'label', isDns1123Label(subdomain))
  return {
    hostname: cut(hostname || (pod.metadata?.name ?? '')),
    domain: subdomain ? `${subdomain}.${pod.metadata?.namespace}.svc.${clusterDomain}` : '',
  }
}

/** The name that the sandbox's kernel shows: '' on the host's network, which keeps the host's. */
export function kernelHostname(pod: Pod, clusterDomain: string): string {
  if (pod.spec?.hostNetwork === true) return ''
  const { hostname, domain } = podHostname(pod, clusterDomain)
  if (pod.spec?.setHostnameAsFQDN !== true || domain === '') return hostname
  const name = `${hostname}.${domain}`
  if (name.length > maxKernelName) {
    throw new Error(
      `Failed to construct FQDN from pod hostname and cluster domain, FQDN ${name} is too long (${maxKernelName} characters is the max, ${name.length} characters requested)`,
    )
  }
  return name
}

/** A pod's resolv.conf, and what had to be left out of it, for an event. */
export function podDns(
  pod: Pod,
  dns: ClusterDns,
): { readonly config: DnsConfig; readonly warnings: readonly string[] } {
  const base = baseDns(pod, dns)
  const own = pod.spec?.dnsConfig
  const options = own?.options === undefined ? base.options : mergeOptions(base.options, own.options)
  const servers = [...new Set([...base.servers, ...(own?.nameservers ?? [])])]
  const searches = [...new Set([...base.searches, ...(own?.searches ?? [])])]
  const warnings: string[] = []
  const keptServers = servers.slice(0, maxServers)
  if (keptServers.length < servers.length) {
    warnings.push(
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${keptServers.join(' ')}`,
    )
  }
  const keptSearches = fittingSearches(searches)
  if (keptSearches.length < searches.length) {
    warnings.push(
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${keptSearches.join(' ')}`,
    )
  }
  return { config: { servers: keptServers, searches: keptSearches, options }, warnings }
}

function baseDns(pod: Pod, dns: ClusterDns): DnsConfig {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst'
  if (policy === 'None') return { servers: [], searches: [], options: [] }
  const host = dns.host ?? { servers: ['127.0.0.1'], searches: ['.'], options: [] }
  const onHost = policy === 'Default' || (policy === 'ClusterFirst' && pod.spec?.hostNetwork === true)
  if (onHost || dns.servers.length === 0) return host
  const { domain } = dns
  const cluster = [`${pod.metadata?.namespace}.svc.${domain}`, `svc.${domain}`, domain]
  const searches = [...new Set([...(domain === '' ? [] : cluster), ...(dns.host?.searches ?? [])])]
  return { servers: dns.servers, searches, options: ['ndots:5'] }
}

function mergeOptions(
  base: readonly string[],
  own: readonly core.v1.PodDNSConfigOption[],
): readonly string[] {
  const merged = new Map<string, string>()
  for (const option of base) {
    const [name = '', ...value] = option.split(':')
    merged.set(name, value.join(':'))
  }
  for (const { name = '', value = '' } of own) merged.set(name, value)
  return [...merged].map(([name, value]) => (value === '' ? name : `${name}:${value}`))
}

function fittingSearches(searches: readonly string[]): readonly string[] {
  const kept = searches.slice(0, maxSearches).filter((search) => search.length <= maxSearchLength)
  while (kept.join(' ').length > maxSearchCharacters) kept.pop()
  return kept
}

const hostsHeader = '# Kubernetes-managed hosts file.\n'
const hostNetworkHeader = '# Kubernetes-managed hosts file (host network).\n'
const fixedHosts = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
]

/** A pod's /etc/hosts. `nodeHosts` is the node's own file, for pods on its network. */
export function hostsFile(
  pod: Pod,
  identity: PodHostname,
  podIps: readonly string[],
  nodeHosts: string,
): string {
  const aliases = pod.spec?.hostAliases ?? []
  const tail =
    aliases.length === 0
      ? ''
      : `\n# Entries added by HostAliases.\n${aliases
          .map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}\n`)
          .join('')}`
  if (pod.spec?.hostNetwork === true) return hostNetworkHeader + nodeHosts + tail
  const { hostname, domain } = identity
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`
  const lines = [...fixedHosts, ...podIps.map((ip) => `${ip}\t${names}`)]
  return `${hostsHeader}${lines.join('\n')}\n${tail}`
}
