import type { core } from '../../../api/generated/types/index.ts'
import type { ImageSpec, SandboxConfig } from '../../runtime/messages.ts'
import type { PodContext } from '../pod-context.ts'
import { StartFailureError } from './start-failure.ts'

type Pod = core.v1.Pod

/** By volume: what it shows, or why its image is not there. */
export type PulledVolumes = ReadonlyMap<string, ImageSpec | StartFailureError>

/** Sees to it that the images of a pod's image volumes (KEP-4639) are there. */
export async function pullImageVolumes(
  context: PodContext,
  pod: Pod,
  sandbox: SandboxConfig,
  pullSecrets: readonly core.v1.Secret[],
): Promise<PulledVolumes> {
  const pulled = new Map<string, ImageSpec | StartFailureError>()
  for (const { name, image } of pod.spec?.volumes ?? []) {
    if (image === undefined) continue
    const { reference = '', pullPolicy } = image
    try {
      const found = await context.images.ensure({
        ...{ pod, sandbox, pullSecrets, runtimeHandler: '' },
        container: { name, image: reference, ...(pullPolicy ? { imagePullPolicy: pullPolicy } : {}) },
        event: (type, reason, message) => context.events.event(pod, type, reason, message),
      })
      const annotations = pod.metadata?.annotations ?? {}
      pulled.set(name, { image: found.id, userSpecifiedImage: reference, annotations })
    } catch (error) {
      if (!(error instanceof StartFailureError)) throw error
      pulled.set(name, error)
    }
  }
  return pulled
}

/** The image volumes that a container mounts. Throws the last of what hinders one of them. */
export function imageVolumesOf(
  container: core.v1.Container,
  pulled: PulledVolumes,
): ReadonlyMap<string, ImageSpec> {
  const volumes = new Map<string, ImageSpec>()
  let failure: StartFailureError | undefined
  for (const { name } of container.volumeMounts ?? []) {
    const image = pulled.get(name)
    if (image instanceof StartFailureError) failure = image
    else if (image !== undefined) volumes.set(name, image)
  }
  if (failure !== undefined) throw failure
  return volumes
}
