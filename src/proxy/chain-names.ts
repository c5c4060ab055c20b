import { createHash } from 'node:crypto'
import type { Endpoint } from './endpoint.ts'
import type { ServicePort } from './service-port.ts'

/** nftables' limit of 256 with its final zero, less the longest prefix with room to spare; upstream's number. */
const longestName = 240

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The first eight characters of upstream's base32 of the name's SHA-256. */
function shortHash(name: string): string {
  const digest = createHash('sha256').update(name).digest()
  let bits = 0n
  for (const byte of digest.subarray(0, 5)) bits = (bits << 8n) | BigInt(byte)
  let text = ''
  for (let shift = 35n; shift >= 0n; shift -= 5n) text += base32Alphabet[Number((bits >> shift) & 31n)] ?? ''
  return text
}

/** Unique even where it is cut, and easy to tell from its neighbours. */
function hashed(name: string): string {
  const full = `${shortHash(name)}-${name}`
  return full.length > longestName ? `${full.slice(0, longestName - 3)}...` : full
}

export interface ServiceChainNames {
  readonly cluster: string
  readonly local: string
  readonly external: string
  readonly firewall: string
}

/** Upstream's names, so that `nft list table ip kube-proxy` reads as everywhere else. */
export function serviceChainNames(port: ServicePort): ServiceChainNames {
  const base = hashed(`${port.namespace}/${port.service}/${port.protocol}/${port.portName}`)
  return {
    cluster: `service-${base}`,
    local: `local-${base}`,
    external: `external-${base}`,
    firewall: `firewall-${base}`,
  }
}

export interface EndpointNames {
  readonly chain: string
  /** The set of clients that stay with this endpoint. */
  readonly affinitySet: string
}

export function endpointNames(port: ServicePort, endpoint: Endpoint): EndpointNames {
  const ip = endpoint.ip.replaceAll(':', '.')
  const service = `${port.namespace}/${port.service}/${port.protocol}/${port.portName}`
  const base = hashed(`${service}__${ip}/${endpoint.port}`)
  return { chain: `endpoint-${base}`, affinitySet: `affinity-${base}` }
}

/** Names of Services' chains have a slash, those of the fixed chains never. */
export function isServiceChain(name: string): boolean {
  return name.includes('/')
}

export function isAffinitySet(name: string): boolean {
  return name.startsWith('affinity-')
}
