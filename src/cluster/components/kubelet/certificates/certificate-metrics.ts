import type { Counter, Metrics } from '../../../../base/metrics.ts'
import type { CertificateStore, StoredCertificate } from './certificate-store.ts'

/** What a manager of certificates tells. */
export interface CertificateObserver {
  failed(): void
  /** Another one counts now; `before` did until then. */
  rotated(before: StoredCertificate | undefined): void
}

const rotationBuckets = [
  60, 3_600, 14_400, 86_400, 604_800, 2_592_000, 7_776_000, 15_552_000, 31_104_000, 124_416_000,
]

const failures = (metrics: Metrics, name: string): Counter =>
  metrics.counter({ name, help: 'Counter of certificate renewal errors.' })

/** How long the certificate that counts is still good, when somebody asks. */
function showLife(
  metrics: Metrics,
  whose: 'client' | 'serving',
  store: CertificateStore,
  nowMs: () => number,
): void {
  const [name, shortest] = whose === 'client' ? ['client', ''] : ['server', 'shortest ']
  const left = metrics.gauge({
    name: `kubelet_certificate_manager_${name}_ttl_seconds`,
    help: `Gauge of the ${shortest}TTL (time-to-live) of the Kubelet's ${whose} certificate. The value is in seconds until certificate expiry (negative if already expired). If ${whose} certificate is invalid or unused, the value will be +INF.`,
  })
  metrics.onCollect(() => {
    const current = store.current()
    const leftMs = (current?.notAfterMs ?? Number.POSITIVE_INFINITY) - nowMs()
    left.set(Math.trunc(leftMs / 1000))
  })
}

/** `nowMs`: since the epoch. */
export function clientCertificateMetrics(
  metrics: Metrics,
  store: CertificateStore,
  nowMs: () => number,
): CertificateObserver {
  showLife(metrics, 'client', store, nowMs)
  const failed = failures(metrics, 'kubelet_certificate_manager_client_expiration_renew_errors')
  return { failed: () => failed.inc(), rotated: () => {} }
}

/** `nowMs`: since the epoch. */
export function servingCertificateMetrics(
  metrics: Metrics,
  store: CertificateStore,
  nowMs: () => number,
): CertificateObserver {
  showLife(metrics, 'serving', store, nowMs)
  const failed = failures(metrics, 'kubelet_server_expiration_renew_errors')
  const ages = metrics.histogram({
    name: 'kubelet_certificate_manager_server_rotation_seconds',
    help: 'Histogram of the number of seconds the previous certificate lived before being rotated.',
    buckets: rotationBuckets,
  })
  return {
    failed: () => failed.inc(),
    rotated: (before) => {
      if (before !== undefined) ages.observe((nowMs() - before.notBeforeMs) / 1000)
    },
  }
}
