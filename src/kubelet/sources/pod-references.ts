import type { core } from '../../api/generated/types/index.ts'
import { allContainersOf } from '../pod/plan/restart-policy.ts'

export interface ObjectReference {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly name: string
}

/** The ConfigMaps and Secrets that a pod needs, each once. */
export function podReferences(pod: core.v1.Pod): readonly ObjectReference[] {
  const found = new Map<string, ObjectReference>()
  const add = (kind: ObjectReference['kind'], name: string | undefined): void => {
    if (name) found.set(`${kind}/${name}`, { kind, name })
  }
  for (const { name } of pod.spec?.imagePullSecrets ?? []) add('Secret', name)
  for (const container of allContainersOf(pod)) {
    for (const { valueFrom } of container.env ?? []) {
      add('ConfigMap', valueFrom?.configMapKeyRef?.name)
      add('Secret', valueFrom?.secretKeyRef?.name)
    }
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      add('ConfigMap', configMapRef?.name)
      add('Secret', secretRef?.name)
    }
  }
  for (const volume of pod.spec?.volumes ?? []) {
    add('ConfigMap', volume.configMap?.name)
    add('Secret', volume.secret?.secretName)
    for (const { configMap, secret } of volume.projected?.sources ?? []) {
      add('ConfigMap', configMap?.name)
      add('Secret', secret?.name)
    }
  }
  return [...found.values()]
}
