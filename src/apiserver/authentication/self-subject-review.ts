import type { authentication } from '../../api/generated/types/index.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import type { VirtualResource } from '../endpoint.ts'
import type { ServerRequest } from '../request.ts'
import { apiUserInfo } from './token-review.ts'

/** SelfSubjectReview: who am I (`kubectl auth whoami`). */
export class SelfSubjectReviewResource implements VirtualResource {
  readonly group = 'authentication.k8s.io'
  readonly version = 'v1'
  readonly resource = 'selfsubjectreviews'
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  async create(request: ServerRequest): Promise<authentication.v1.SelfSubjectReview> {
    if (request.user === undefined) throw badRequest('no user present on request')
    return {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: { creationTimestamp: formatTime(this.#host.now()) },
      status: { userInfo: apiUserInfo(request.user) },
    }
  }
}
