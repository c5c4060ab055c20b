import type { UserInfo } from '../request.ts'
import { anonymousUser, authenticatedGroup, unauthenticatedGroup } from './users.ts'

/** The user, member of `system:authenticated`. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  const known = user.groups.includes(authenticatedGroup) || user.groups.includes(unauthenticatedGroup)
  if (known || user.name === anonymousUser) return user
  return { ...user, groups: [...user.groups, authenticatedGroup] }
}
