import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../api/generated/bootstrap-rbac.ts'
import { ClusterRole } from '../../api/rbac/cluster-role/kind.ts'
import { ClusterRoleBinding } from '../../api/rbac/cluster-role-binding/kind.ts'
import { Role } from '../../api/rbac/role/kind.ts'
import { RoleBinding } from '../../api/rbac/role-binding/kind.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import { type BootstrapContext, ensure } from './ensure.ts'
import { withGatedBindings, withGatedRoles } from './gated-roles.ts'
import { reconcileBinding, reconcileRole } from './reconcile-role.ts'

/** The roles that upstream brings along (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings). Namespaces first. */
export async function ensureRoles(context: BootstrapContext, features: Features): Promise<void> {
  await Promise.all([
    ...withGatedRoles(clusterRoles(), features).map((object) =>
      ensure(context, { kind: ClusterRole, object, repair: (present) => reconcileRole(object, present) }),
    ),
    ...roles().map((object) =>
      ensure(context, { kind: Role, object, repair: (present) => reconcileRole(object, present) }),
    ),
  ])
  await Promise.all([
    ...withGatedBindings(clusterRoleBindings(), features).map((object) =>
      ensure(context, {
        kind: ClusterRoleBinding,
        object,
        repair: (present) => reconcileBinding(object, present),
      }),
    ),
    ...roleBindings().map((object) =>
      ensure(context, { kind: RoleBinding, object, repair: (present) => reconcileBinding(object, present) }),
    ),
  ])
}
