import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { set } from '../../defaulting.ts'
import type { resource } from '../../generated/types/index.ts'
import { defaultDeviceClaim } from '../device-claim-defaults.ts'

type Template = resource.v1.ResourceClaimTemplate

function defaultTemplate(template: Template): Template {
  const { spec } = template
  if (spec?.spec === undefined) return template
  return set(template, 'spec', set(spec, 'spec', defaultDeviceClaim(spec.spec)))
}

function validate(template: Template, old: Template | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined) validateImmutable(template.spec, old.spec, fieldPath('spec'), errors)
  return errors
}

export const ResourceClaimTemplate = defineKind<Template>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  resource: 'resourceclaimtemplates',
  namespaced: true,
  schema: 'io.k8s.api.resource.v1.ResourceClaimTemplate',
  returnsDeleted: true,
  defaults: defaultTemplate,
  validate,
  columns: [nameColumn, ageColumn],
})
