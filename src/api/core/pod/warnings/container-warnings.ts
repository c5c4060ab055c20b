import { goQuote } from '../../../../apimachinery/go-text.ts'
import type { StringMap } from '../../../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../../../apimachinery/semantically-equal.ts'
import type { core } from '../../../generated/types/index.ts'
import {
  appArmorPrefix,
  seccompContainerPrefix,
  seccompPodAnnotation,
} from '../validation/validate-pod-annotations.ts'
import { fractionalWarnings } from './quantity-warnings.ts'

type Container = core.v1.Container

const byteResources = ['memory', 'ephemeral-storage'] as const
const seccompMessage = 'non-functional in v1.27+; use the "seccompProfile" field instead'

/** What an annotation of old says in today's words. */
function appArmorOf(annotation: string): core.v1.AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  const local = 'localhost/'
  if (!annotation.startsWith(local)) return undefined
  return { type: 'Localhost', localhostProfile: annotation.slice(local.length) }
}

/** Only templates are warned about AppArmor: of pods the API server fills the field from the annotation. */
function annotationWarnings(
  container: Container,
  spec: core.v1.PodSpec,
  annotations: StringMap,
  prefix: string,
  warnings: string[],
): void {
  const at = (key: string): string => `${prefix}metadata.annotations[${key}]`
  const seccomp = seccompContainerPrefix + container.name
  if (seccomp in annotations && container.securityContext?.seccompProfile === undefined)
    warnings.push(`${at(seccomp)}: ${seccompMessage}`)
  const key = appArmorPrefix + container.name
  const appArmor = annotations[key]
  if (prefix === '' || appArmor === undefined) return
  if (container.securityContext?.appArmorProfile !== undefined) return
  const ofPod = spec.securityContext?.appArmorProfile
  if (ofPod !== undefined && semanticallyEqual(ofPod, appArmorOf(appArmor))) return
  warnings.push(`${at(key)}: deprecated since v1.30; use the "appArmorProfile" field instead`)
}

/** A variable that is defined again loses its first value, unless it is built from that. */
function environmentWarnings({ env = [] }: Container, path: string, warnings: string[]): void {
  if (env.length < 2) return
  const names = new Set<string>()
  env.forEach(({ name, value = '', valueFrom }, index) => {
    if (!names.has(name)) {
      names.add(name)
      return
    }
    const reference = `$(${name})`
    if (valueFrom === undefined && value !== reference && value.includes(reference)) return
    const detail = `hides previous definition of ${goQuote(name)}, which may be dropped when using apply`
    warnings.push(`${path}.env[${index}]: ${detail}`)
  })
}

export function containerWarnings(
  spec: core.v1.PodSpec,
  annotations: StringMap,
  prefix: string,
  warnings: string[],
): void {
  if (seccompPodAnnotation in annotations && spec.securityContext?.seccompProfile === undefined)
    warnings.push(`${prefix}metadata.annotations[${seccompPodAnnotation}]: ${seccompMessage}`)
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const)
    spec[list]?.forEach((container: Container, index) => {
      const path = `${prefix}spec.${list}[${index}]`
      annotationWarnings(container, spec, annotations, prefix, warnings)
      const { resources } = container
      if (resources !== undefined)
        for (const resource of byteResources) {
          fractionalWarnings(resources.limits, resource, `${path}.resources.limits`, warnings)
          fractionalWarnings(resources.requests, resource, `${path}.resources.requests`, warnings)
        }
      environmentWarnings(container, path, warnings)
    })
}
