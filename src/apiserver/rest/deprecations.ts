import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { Gauge, Metrics } from '../../base/metrics.ts'
import type { ServerRequest } from '../request.ts'

/** Says of requests for versions that are going to end what upstream says of them: to clients, auditors and monitors. */
export class Deprecations {
  readonly #requested: Gauge

  constructor(metrics: Metrics) {
    this.#requested = metrics.gauge({
      name: 'apiserver_requested_deprecated_apis',
      help: 'Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, subresource, and removed_release.',
      labels: ['group', 'version', 'resource', 'subresource', 'removed_release'],
    })
  }

  note(
    request: ServerRequest,
    { group, version, resource, deprecation, removedIn = '' }: KindDeclaration,
  ): void {
    if (deprecation === undefined) return
    request.warn(deprecation)
    request.annotate('k8s.io/deprecated', 'true')
    if (removedIn !== '') request.annotate('k8s.io/removed-release', removedIn)
    this.#requested.set(1, [group, version, resource, request.info.subresource, removedIn])
  }
}
