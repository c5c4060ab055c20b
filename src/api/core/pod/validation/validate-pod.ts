import type { WriteContext } from '../../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { fieldForbidden } from '../../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../../apimachinery/field-path.ts'
import type { core } from '../../../generated/types/index.ts'
import { type PodRules, podRules } from './pod-rules.ts'
import { validateImageSpaces } from './validate-containers.ts'
import { validatePodAnnotations, validateProfilesAgree } from './validate-pod-annotations.ts'
import { validatePodResize } from './validate-pod-resize.ts'
import { validatePodSpec } from './validate-pod-spec.ts'
import { validatePodStatus } from './validate-pod-status.ts'
import { validateEphemeralContainersUpdate, validatePodUpdate } from './validate-pod-update.ts'

type Pod = core.v1.Pod

/** What holds for a pod at any time. */
function validateWhole(pod: Pod, rules: PodRules, errors: FieldError[]): void {
  const spec = pod.spec ?? { containers: [] }
  const path = fieldPath('spec')
  const annotations = fieldPath('metadata').child('annotations')
  validatePodAnnotations(pod.metadata?.annotations, spec, annotations, errors)
  validatePodSpec(spec, rules, path, errors, { metadata: pod.metadata ?? {} })
  if ((spec.serviceAccountName ?? '') === '') {
    spec.volumes?.forEach((volume, index) => {
      volume.projected?.sources?.forEach((source, at) => {
        if (source.serviceAccountToken === undefined) return
        const where = path.child('volumes').index(index).child('projected.sources').index(at)
        const detail = 'must not be specified when serviceAccountName is not set'
        errors.push(fieldForbidden(where.child('serviceAccountToken'), detail))
      })
    })
  }
  for (const list of ['containers', 'initContainers'] as const)
    spec[list]?.forEach((container, index) => {
      validateImageSpaces(container, path.child(list).index(index), errors)
    })
}

function validateCreate(pod: Pod, errors: FieldError[]): void {
  const path = fieldPath('spec')
  const spec = pod.spec ?? { containers: [] }
  if ((spec.ephemeralContainers ?? []).length > 0)
    errors.push(fieldForbidden(path.child('ephemeralContainers'), 'cannot be set on create'))
  if ((spec.nodeName ?? '') !== '' && (spec.schedulingGates ?? []).length > 0) {
    const detail = 'cannot be set until all schedulingGates have been cleared'
    errors.push(fieldForbidden(path.child('nodeName'), detail))
  }
  validateProfilesAgree(pod.metadata?.annotations, spec, path, errors)
}

/** Upstream's validation of pods, for the main resource and each subresource that writes them. */
export function validatePod(pod: Pod, old: Pod | undefined, context: WriteContext): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && context.subresource === 'status') {
    validatePodStatus(pod, old, errors)
    return errors
  }
  const rules = podRules(context.features, old?.spec)
  validateWhole(pod, rules, errors)
  if (old === undefined) validateCreate(pod, errors)
  else if (context.subresource === 'ephemeralcontainers') validateEphemeralContainersUpdate(pod, old, errors)
  else if (context.subresource === 'resize') validatePodResize(pod, old, errors)
  else if (context.subresource === '') validatePodUpdate(pod, old, rules, errors)
  return errors
}
