import type { core } from '../api/generated/types/index.ts'
import type { KubernetesObject, OwnerReference } from '../apimachinery/meta.ts'
import { isDns1123Subdomain } from '../apimachinery/names.ts'
import { defined } from '../base/defined.ts'

/** `web-`, or the bare name where the dash makes it too long. */
function podNamePrefix(ownerName: string): string {
  // What is generated ends in letters: a trailing dash is as good as one.
  return isDns1123Subdomain(`${ownerName}-a`).length === 0 && `${ownerName}-`.length <= 253
    ? `${ownerName}-`
    : ownerName
}

/** The pod that a workload creates from its template. */
export function podFromTemplate(
  template: core.v1.PodTemplateSpec | undefined,
  owner: KubernetesObject,
  reference: OwnerReference,
): core.v1.Pod {
  const { labels, annotations, finalizers } = template?.metadata ?? {}
  return defined({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: defined({
      generateName: podNamePrefix(owner.metadata?.name ?? ''),
      namespace: owner.metadata?.namespace,
      labels,
      annotations,
      finalizers,
      ownerReferences: [reference],
    }),
    spec: template?.spec,
  })
}
