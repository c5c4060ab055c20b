import { Pod } from '../../api/core/pod/kind.ts'
import type { core, resource } from '../../api/generated/types/index.ts'
import { defined } from '../../base/defined.ts'
import { controllerReference } from '../../reconcile/owner-references.ts'

/** Says for which of a pod's entries a claim was made. */
export const podClaimAnnotation = 'resource.kubernetes.io/pod-claim-name'

/** Leaves room for a hyphen and five random characters in a label. */
const maxBaseLength = 57

/** `<pod>-<entry>-`, both shortened in proportion where that is too long. */
export function generateNameFor(podName: string, entryName: string): string {
  const whole = `${podName}-${entryName}-`
  if (whole.length <= maxBaseLength) return whole
  const shorten = (name: string): string =>
    name.slice(0, Math.floor((name.length * maxBaseLength) / whole.length))
  return `${shorten(podName)}-${shorten(entryName)}`
}

/** The claim for a pod's entry that names a template. */
export function claimFromTemplate(
  pod: core.v1.Pod,
  entryName: string,
  template: resource.v1.ResourceClaimTemplate,
): resource.v1.ResourceClaim {
  const { metadata, spec } = template.spec
  const { blockOwnerDeletion: _blocks, ...owner } = controllerReference(Pod, pod)
  return {
    metadata: defined({
      namespace: pod.metadata?.namespace,
      generateName: generateNameFor(pod.metadata?.name ?? '', entryName),
      ownerReferences: [owner],
      annotations: { ...metadata?.annotations, [podClaimAnnotation]: entryName },
      labels: metadata?.labels,
    }),
    spec,
  }
}
