import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { fieldForbidden } from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { validateAnnotations, validateLabels } from '../../../../apimachinery/object-meta-validation.ts'
import type { core } from '../../../generated/types/index.ts'
import type { PodRules } from './pod-rules.ts'
import { validatePodAnnotations, validateProfilesAgree } from './validate-pod-annotations.ts'
import { validatePodSpec } from './validate-pod-spec.ts'

/** Upstream's ValidatePodTemplateSpec; `path` is the template's. */
export function validatePodTemplate(
  template: core.v1.PodTemplateSpec,
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { metadata = {}, spec = { containers: [] } } = template
  validateLabels(metadata.labels, path.child('labels'), errors)
  validateAnnotations(metadata.annotations, path.child('annotations'), errors)
  validatePodAnnotations(metadata.annotations, spec, path.child('annotations'), errors)
  validatePodSpec(spec, rules, path.child('spec'), errors)
  validateProfilesAgree(metadata.annotations, spec, path.child('spec'), errors)
  if ((spec.ephemeralContainers ?? []).length > 0) {
    const detail = 'ephemeral containers not allowed in pod template'
    errors.push(fieldForbidden(path.child('spec.ephemeralContainers'), detail))
  }
}
