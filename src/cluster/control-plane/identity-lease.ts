import { Lease as leaseKind } from '../../api/coordination/lease/kind.ts'
import type { coordination } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { formatMicroTime } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { sleep } from '../../base/sleep.ts'
import type { Client } from '../../client/client.ts'
import { renewLease } from '../../reconcile/renew-lease.ts'

type Lease = coordination.v1.Lease

export interface IdentityLeaseOptions {
  readonly host: Host
  readonly logger: Logger
  /** As the API server itself. */
  readonly client: Client
  /** Of the machine. */
  readonly hostname: string
  /** Another one for each start. */
  readonly instance: string
}

const namespace = 'kube-system'
const component = 'kube-apiserver'
const componentLabel = 'apiserver.kubernetes.io/identity'
/** Upstream's (`IdentityLeaseDurationSeconds`, `IdentityLeaseRenewIntervalPeriod`, `IdentityLeaseGCPeriod`). */
const durationSeconds = 3600
const renewMs = 10_000
const collectMs = 3_600_000

/** As upstream hashes it: the machine and the component, each behind its length in two bytes. */
export function identityLeaseName(host: Pick<Host, 'sha256'>, hostname: string): string {
  const parts = [hostname, component].map((text) => new TextEncoder().encode(text))
  const hash = host.sha256(
    Uint8Array.from(parts.flatMap((part) => [part.length >> 8, part.length & 255, ...part])),
  )
  return `apiserver-${base32(hash.subarray(0, 16))}`
}

/** RFC 4648, lower case, without padding. */
function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups
    .map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(group.padEnd(5, '0'), 2)])
    .join('')
}

function renewed(lease: Lease, name: string, { host, hostname, instance }: IdentityLeaseOptions): Lease {
  const labels = { [componentLabel]: component, 'kubernetes.io/hostname': hostname }
  return {
    ...lease,
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...lease.metadata, name, namespace, labels: { ...lease.metadata?.labels, ...labels } },
    spec: {
      ...lease.spec,
      holderIdentity: `${name}_${instance}`,
      leaseDurationSeconds: durationSeconds,
      renewTime: formatMicroTime(host.now()),
    },
  }
}

/** Nobody has renewed it; or nobody says how long it lasts. */
function isOver({ spec = {} }: Lease, nowMs: number): boolean {
  const { renewTime, leaseDurationSeconds } = spec
  if (renewTime === undefined || leaseDurationSeconds === undefined) return true
  return Date.parse(renewTime) + leaseDurationSeconds * 1000 < nowMs
}

/**
 * Tells who serves the cluster (KEP-1965): a Lease of this server, renewed every ten seconds; those of servers that are
 * gone for an hour are removed. Gives what stops it.
 */
export function keepIdentityLease(options: IdentityLeaseOptions): () => Promise<void> {
  const { host, logger, client, hostname } = options
  const stop = new AbortController()
  const leases = client.resource(leaseKind)
  const name = identityLeaseName(host, hostname)
  const own = { client, namespace, name, renewed: (lease: Lease) => renewed(lease, name, options) }
  let last: Lease | undefined
  const renew = async (): Promise<void> => {
    const before = last
    last = undefined
    last = await renewLease(own, before)
  }
  const collect = async (): Promise<void> => {
    const { items } = await leases.list({ namespace, labelSelector: `${componentLabel}=${component}` })
    for (const lease of items) {
      if (!isOver(lease, host.now())) continue
      await leases.delete(namespace, lease.metadata?.name ?? '').catch((error: unknown) => {
        if (!isStatus(error, 'NotFound')) throw error
      })
    }
  }
  const every = async (intervalMs: number, what: string, act: () => Promise<void>): Promise<void> => {
    while (!stop.signal.aborted) {
      await act().catch((error: unknown) => {
        if (!stop.signal.aborted) logger.warn(`${what} of API servers could not be written`, { error })
      })
      await sleep(host, intervalMs, stop.signal)
    }
  }
  const running = [every(renewMs, 'the lease', renew), every(collectMs, 'leases', collect)]
  return async () => {
    stop.abort()
    await Promise.all(running)
  }
}
