import type { apps } from '../generated/types/index.ts'

/** A strategy as upstream's errors show it: by the names that its fields have in Go. */
export function shownStrategy({
  type = '',
  rollingUpdate,
}: Partial<apps.v1.DeploymentStrategy | apps.v1.DaemonSetUpdateStrategy>): object {
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {}
  const RollingUpdate =
    rollingUpdate === undefined ? null : { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge }
  return { Type: type, RollingUpdate }
}
