import { fill, mapSame, set } from '../../../defaulting.ts'
import type { core } from '../../../generated/types/index.ts'
import { defaultContainer } from './container-defaults.ts'
import { roundedList, roundedResources } from './resource-defaults.ts'
import { defaultVolume } from './volume-defaults.ts'

const defaultGraceSeconds = 30

/** Upstream's defaults of a pod's specification wherever it stands: in a pod and in templates. */
export function defaultPodSpec(spec: core.v1.PodSpec): core.v1.PodSpec {
  let next = fill(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: defaultGraceSeconds,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  })
  if (spec.containers !== undefined)
    next = set(next, 'containers', mapSame(spec.containers, defaultContainer))
  if (spec.initContainers !== undefined)
    next = set(next, 'initContainers', mapSame(spec.initContainers, defaultContainer))
  if (spec.ephemeralContainers !== undefined)
    next = set(next, 'ephemeralContainers', mapSame(spec.ephemeralContainers, defaultContainer))
  if (spec.volumes !== undefined) next = set(next, 'volumes', mapSame(spec.volumes, defaultVolume))
  if (spec.overhead !== undefined) next = set(next, 'overhead', roundedList(spec.overhead))
  if (spec.resources !== undefined) next = set(next, 'resources', roundedResources(spec.resources))
  return withAccountAliases(next)
}

/** `serviceAccount` is the old name of `serviceAccountName`; both are stored. */
function withAccountAliases(spec: core.v1.PodSpec): core.v1.PodSpec {
  const name = spec.serviceAccountName || spec.serviceAccount
  if (name === undefined || name === '') return spec
  if (spec.serviceAccountName === name && spec.serviceAccount === name) return spec
  return { ...spec, serviceAccountName: name, serviceAccount: name }
}

/** Of a template in another kind; its metadata has no defaults. */
export function defaultPodTemplate(template: core.v1.PodTemplateSpec): core.v1.PodTemplateSpec {
  if (template.spec === undefined) return template
  const spec = defaultPodSpec(template.spec)
  return spec === template.spec ? template : { ...template, spec }
}
