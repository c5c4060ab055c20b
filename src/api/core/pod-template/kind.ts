import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { nameColumn } from '../../columns.ts'
import { set } from '../../defaulting.ts'
import type { core } from '../../generated/types/index.ts'
import { formatLabels, templateColumns } from '../../template-columns.ts'
import { templateWarnings } from '../../warnings.ts'
import { defaultPodTemplate } from '../pod/defaults/pod-spec-defaults.ts'
import { podSpecGates } from '../pod/gated-fields.ts'
import { podRules } from '../pod/validation/pod-rules.ts'
import { validatePodTemplate } from '../pod/validation/validate-pod-template.ts'

type PodTemplate = core.v1.PodTemplate

const defaultTemplate = (object: PodTemplate): PodTemplate =>
  object.template === undefined ? object : set(object, 'template', defaultPodTemplate(object.template))

function validate(
  object: PodTemplate,
  old: PodTemplate | undefined,
  { features }: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  validatePodTemplate(
    object.template ?? {},
    podRules(features, old?.template?.spec),
    fieldPath('template'),
    errors,
  )
  return errors
}

export const PodTemplate = defineKind<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  resource: 'podtemplates',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.PodTemplate',
  hasGeneration: true,
  returnsDeleted: true,
  gatedFields: podSpecGates('template.spec'),
  defaults: defaultTemplate,
  validate,
  warnings: (object, old) => templateWarnings(object, old, ({ template }) => template, 'template'),
  columns: [
    nameColumn,
    ...templateColumns<PodTemplate>((object) => object.template, 0),
    {
      name: 'Pod Labels',
      type: 'string',
      value: (object) => formatLabels(object.template?.metadata?.labels),
    },
  ],
})
