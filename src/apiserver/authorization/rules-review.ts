import type { authorization } from '../../api/generated/types/index.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { Authorizer } from '../authorizer.ts'
import type { VirtualResource } from '../endpoint.ts'
import type { ServerRequest } from '../request.ts'
import { authorizationGroup } from './subject-access-review.ts'

/** SelfSubjectRulesReview: everything that one may do in a namespace (`kubectl auth can-i --list`). */
export class RulesReviewResource implements VirtualResource {
  readonly group = authorizationGroup
  readonly version = 'v1'
  readonly resource = 'selfsubjectrulesreviews'
  readonly #authorizer: Authorizer

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer
  }

  async create(request: ServerRequest, body: unknown): Promise<authorization.v1.SelfSubjectRulesReview> {
    const { spec } = body as authorization.v1.SelfSubjectRulesReview
    if (request.user === undefined) throw badRequest('no user present on request')
    if (!spec?.namespace) throw badRequest('no namespace on request')
    const rules = await this.#authorizer.rulesFor(request.user, spec.namespace)
    return {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      metadata: {},
      spec: {},
      status: {
        resourceRules: rules.resourceRules,
        nonResourceRules: rules.nonResourceRules,
        incomplete: rules.incomplete,
        ...(rules.evaluationError === '' ? {} : { evaluationError: rules.evaluationError }),
      },
    }
  }
}
