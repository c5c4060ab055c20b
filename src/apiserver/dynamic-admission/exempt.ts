const configurations: ReadonlySet<string> = new Set([
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
])

const policies: ReadonlySet<string> = new Set(
  [...configurations].filter(
    (resource) => resource.includes('policies') || resource.includes('policybindings'),
  ),
)

interface Resource {
  readonly group: string
  readonly resource: string
}

const isOf = (resources: ReadonlySet<string>, { group, resource }: Resource): boolean =>
  group === 'admissionregistration.k8s.io' && resources.has(resource)

/** What configures webhooks and policies is never shown to webhooks that the API configures: it could not be mended any more. */
export const isConfiguration = (resource: Resource): boolean => isOf(configurations, resource)

/** Questions that decide who may do what, which policies must not break. */
const reviews: ReadonlySet<string> = new Set([
  'tokenreviews.authentication.k8s.io',
  'selfsubjectreviews.authentication.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
])

/** What no policy is evaluated for. */
export const isReview = ({ group, resource }: Resource): boolean => reviews.has(`${resource}.${group}`)

/** What no policy is evaluated for that the API configures. */
export const isPolicyConfiguration = (resource: Resource): boolean => isOf(policies, resource)
