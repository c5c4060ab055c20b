import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { set } from '../../defaulting.ts'
import type { resource } from '../../generated/types/index.ts'
import { validateTemplateMeta } from '../../template-meta.ts'
import { validateAdminRequests } from '../admin-access.ts'
import { defaultDeviceClaim } from '../device-claim-defaults.ts'
import { claimTemplateGates } from '../gated-fields.ts'
import { validateClaimSpec } from '../validate-claim-spec.ts'

type Template = resource.v1.ResourceClaimTemplate

function defaultTemplate(template: Template): Template {
  const { spec } = template
  if (spec?.spec === undefined) return template
  return set(template, 'spec', set(spec, 'spec', defaultDeviceClaim(spec.spec)))
}

/** Upstream looks at all of it again in an update, and then says that it may not change. */
function validate(
  template: Template,
  old: Template | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec')
  if (old === undefined)
    validateAdminRequests(
      template.spec?.spec?.devices?.requests,
      template.metadata?.namespace ?? '',
      context,
      errors,
    )
  validateTemplateMeta(template.spec?.metadata, path.child('metadata'), errors)
  validateClaimSpec(template.spec?.spec ?? {}, context.features, path.child('spec'), errors)
  if (old !== undefined) validateImmutable(template.spec, old.spec, path, errors)
  return errors
}

export const ResourceClaimTemplate = defineKind<Template>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  resource: 'resourceclaimtemplates',
  namespaced: true,
  schema: 'io.k8s.api.resource.v1.ResourceClaimTemplate',
  changedMetadata: ['whole', 'change'],
  returnsDeleted: true,
  defaults: defaultTemplate,
  gatedFields: claimTemplateGates,
  validate,
  columns: [nameColumn, ageColumn],
})
