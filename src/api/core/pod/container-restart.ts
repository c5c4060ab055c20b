import type { core } from '../../generated/types/index.ts'

/** The action of a rule that restarts its whole pod in place. */
export const restartsAll = 'RestartAllContainers'

/** Runs for as long as the pod although it is started before its ordinary containers. */
export const isSidecar = (container: { readonly restartPolicy?: string } | undefined): boolean =>
  container?.restartPolicy === 'Always'

/** The first of a container's rules that an exit code matches (KEP-5307). */
export function matchingRestartRule(
  container: core.v1.Container,
  exitCode: number,
): core.v1.ContainerRestartRule | undefined {
  return container.restartPolicyRules?.find((rule) => {
    if (rule.exitCodes === undefined) return false
    const { operator, values = [] } = rule.exitCodes
    return operator === (values.includes(exitCode) ? 'In' : 'NotIn')
  })
}

/** Whether a container that ended with `exitCode` is started again: its rules come first, then its own policy, then the pod's. */
export function restartsAfterExit(
  container: core.v1.Container,
  spec: core.v1.PodSpec | undefined,
  exitCode: number,
): boolean {
  if (matchingRestartRule(container, exitCode) !== undefined) return true
  const policy = container.restartPolicy ?? spec?.restartPolicy
  return policy === 'OnFailure' ? exitCode !== 0 : policy !== 'Never'
}

/** Some container's rule restarts the whole pod. */
export const mayRestartAll = ({ containers = [], initContainers = [] }: core.v1.PodSpec): boolean =>
  [...containers, ...initContainers].some(({ restartPolicyRules = [] }) =>
    restartPolicyRules.some(({ action }) => action === restartsAll),
  )
