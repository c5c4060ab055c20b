import { defineKind } from '../../../apimachinery/define-kind.ts'
import { validateDomainPath } from '../../../apimachinery/domain-path.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, notSupported, required, tooLong } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { checkLabelName } from '../../checks.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fillUnset, set } from '../../defaulting.ts'
import type { networking } from '../../generated/types/index.ts'
import { validateTypedReference } from '../ingress/validate-backend.ts'

type IngressClass = networking.v1.IngressClass
type Parameters = networking.v1.IngressClassParametersReference

const maxControllerBytes = 250
const scopes: readonly string[] = ['Cluster', 'Namespace']

function defaultIngressClass(ingressClass: IngressClass): IngressClass {
  const parameters = ingressClass.spec?.parameters
  if (parameters === undefined) return ingressClass
  const spec = set(ingressClass.spec ?? {}, 'parameters', fillUnset(parameters, { scope: 'Cluster' }))
  return set(ingressClass, 'spec', spec)
}

function validateParameters(parameters: Parameters, path: FieldPath, errors: FieldError[]): void {
  validateTypedReference(parameters, path, errors)
  const { scope, namespace } = parameters
  const where = path.child('namespace')
  if (scope === undefined) errors.push(required(path.child('scope')))
  else if (!scopes.includes(scope)) errors.push(notSupported(path.child('scope'), scope, scopes))
  else if (scope === 'Cluster') {
    if (namespace !== undefined) errors.push(fieldForbidden(where, "`parameters.scope` is set to 'Cluster'"))
  } else if (namespace === undefined) errors.push(required(where, "`parameters.scope` is set to 'Namespace'"))
  else checkLabelName(namespace, where, errors)
}

function validateChange({ spec }: IngressClass, old: IngressClass): readonly FieldError[] {
  const errors: FieldError[] = []
  const where = fieldPath('spec').child('controller')
  validateImmutable(spec?.controller ?? '', old.spec?.controller ?? '', where, errors)
  return errors
}

function validate(ingressClass: IngressClass): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec')
  const { controller = '', parameters } = ingressClass.spec ?? {}
  const where = path.child('controller')
  if (utf8Length(controller) > maxControllerBytes) errors.push(tooLong(where, maxControllerBytes))
  validateDomainPath(controller, where, errors)
  if (parameters !== undefined) validateParameters(parameters, path.child('parameters'), errors)
  return errors
}

const isDefault = ({ metadata }: IngressClass): boolean =>
  metadata?.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true'

function parametersOf({ spec }: IngressClass): string {
  if (spec?.parameters === undefined) return '<none>'
  const { kind, apiGroup, name } = spec.parameters
  return `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`
}

export const IngressClass = defineKind<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  resource: 'ingressclasses',
  namespaced: false,
  schema: 'io.k8s.api.networking.v1.IngressClass',
  changedMetadata: ['change', 'whole'],
  hasGeneration: true,
  defaults: defaultIngressClass,
  validateChange,
  validate,
  columns: [
    {
      ...nameColumn,
      value: (ingressClass) =>
        `${ingressClass.metadata?.name ?? ''}${isDefault(ingressClass) ? ' (default)' : ''}`,
    },
    {
      name: 'Controller',
      type: 'string',
      value: ({ spec }) => spec?.controller ?? '',
    },
    {
      name: 'Parameters',
      type: 'string',
      value: parametersOf,
    },
    ageColumn,
  ],
})
