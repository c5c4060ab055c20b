import { StatefulSet as kind } from '../../api/apps/stateful-set/kind.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { controllerReference } from '../../reconcile/owner-references.ts'
import { podFromTemplate } from '../../reconcile/pod-from-template.ts'
import { podIndexLabel, podNameLabel, revisionLabel, volumesFor } from './identity.ts'
import { podName } from './ordinals.ts'

export interface VersionedTemplate {
  /** The ControllerRevision's. */
  readonly name: string
  readonly template: core.v1.PodTemplateSpec
}

/** The pod of one ordinal: its name, its place in DNS and its claims are its own. */
export function makePod(
  set: apps.v1.StatefulSet,
  ordinal: number,
  { name: revision, template }: VersionedTemplate,
): core.v1.Pod {
  const { metadata, ...pod } = podFromTemplate(template, set, controllerReference(kind, set))
  const { generateName: _, ...own } = metadata ?? {}
  const name = podName(set, ordinal)
  const labels = {
    ...own.labels,
    [podNameLabel]: name,
    [podIndexLabel]: String(ordinal),
    [revisionLabel]: revision,
  }
  if (pod.spec === undefined) return { ...pod, metadata: { ...own, name, labels } }
  const { serviceName = '' } = set.spec ?? {}
  const volumes = volumesFor(set, ordinal, pod.spec.volumes ?? [])
  return {
    ...pod,
    metadata: { ...own, name, labels },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(serviceName === '' ? {} : { subdomain: serviceName }),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  }
}
