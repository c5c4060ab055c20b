import { TokenReview } from '../../api/authentication/token-review/kind.ts'
import { SubjectAccessReview } from '../../api/authorization/subject-access-review/kind.ts'
import type { authorization } from '../../api/generated/types/index.ts'
import type { UserInfo } from '../../apiserver/request.ts'
import { defined } from '../../base/defined.ts'
import type { Client } from '../../client/client.ts'

/** Whose token it is, as the API server says; undefined: nobody's. */
export async function reviewToken(client: Client, token: string): Promise<UserInfo | undefined> {
  const review = await client
    .resource(TokenReview)
    .create({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })
  const { authenticated, user } = review.status ?? {}
  if (authenticated !== true || user?.username === undefined) return undefined
  return defined({ name: user.username, uid: user.uid, groups: user.groups ?? [], extra: user.extra })
}

type Attributes = Pick<
  authorization.v1.SubjectAccessReviewSpec,
  'resourceAttributes' | 'nonResourceAttributes'
>

/** Whether the API server says that somebody may do something. */
export async function reviewAccess(
  client: Client,
  { name, uid, groups, extra }: UserInfo,
  attributes: Attributes,
): Promise<boolean> {
  const copied = Object.fromEntries(Object.entries(extra ?? {}).map(([key, values]) => [key, [...values]]))
  const review = await client.resource(SubjectAccessReview).create({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { ...defined({ user: name, uid, extra: copied }), groups: [...groups], ...attributes },
  })
  return review.status?.allowed === true
}
