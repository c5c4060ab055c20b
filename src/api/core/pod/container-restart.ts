import type { core } from '../../generated/types/index.ts'

/** Runs for as long as the pod although it is started before its ordinary containers. */
export const isSidecar = (container: { readonly restartPolicy?: string } | undefined): boolean =>
  container?.restartPolicy === 'Always'

/** The first of a container's rules that an exit code matches (KEP-5307). */
export function matchingRestartRule(
  container: core.v1.Container,
  exitCode: number,
): core.v1.ContainerRestartRule | undefined {
  return container.restartPolicyRules?.find((rule) => {
    const codes = rule.exitCodes
    if (codes === undefined) return false
    return codes.operator === 'In' && (codes.values ?? []).includes(exitCode)
      ? true
      : codes.operator === 'NotIn' && !(codes.values ?? []).includes(exitCode)
  })
}

/** Whether a container that ended with `exitCode` is started again: its rules come first, then its own policy, then the pod's. */
export function shouldRestart(
  container: core.v1.Container,
  spec: core.v1.PodSpec,
  exitCode: number,
): boolean {
  if (matchingRestartRule(container, exitCode) !== undefined) return true
  const policy = container.restartPolicy ?? spec.restartPolicy
  return policy === 'OnFailure' ? exitCode !== 0 : policy !== 'Never'
}

/** Some container's rule restarts the whole pod. */
export function mayRestartAll(spec: core.v1.PodSpec): boolean {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].some((container) =>
    container.restartPolicyRules?.some((rule) => rule.action === 'RestartAllContainers'),
  )
}
