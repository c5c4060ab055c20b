import { carryOver, defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { validateFinalizerDomain } from '../../../apimachinery/object-meta-validation.ts'
import { checkText } from '../../checks.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

type Namespace = core.v1.Namespace

const nameLabel = 'kubernetes.io/metadata.name'
const finalizer = 'kubernetes'

/** Every namespace has a label with its name, for selectors. */
function withNameLabel(namespace: Namespace): Namespace {
  const { metadata = {} } = namespace
  const { name = '', labels } = metadata
  if (name === '' || labels?.[nameLabel] === name) return namespace
  return { ...namespace, metadata: { ...metadata, labels: { ...labels, [nameLabel]: name } } }
}

function defaultNamespace(namespace: Namespace): Namespace {
  const labelled = withNameLabel(namespace)
  if ((labelled.status?.phase ?? '') !== '') return labelled
  return { ...labelled, status: { ...labelled.status, phase: 'Active' } }
}

function prepareForCreate(namespace: Namespace): Namespace {
  const { finalizers = [] } = namespace.spec ?? {}
  const all = finalizers.includes(finalizer) ? finalizers : [...finalizers, finalizer]
  return withNameLabel({
    ...namespace,
    spec: { ...namespace.spec, finalizers: all },
    status: { phase: 'Active' },
  })
}

/** Its finalizers change through `/finalize` alone. */
function prepareForUpdate(namespace: Namespace, old: Namespace, context: WriteContext): Namespace {
  if (context.subresource === 'status') return withNameLabel(carryOver(namespace, old, context))
  const kept = carryOver(namespace, old, { ...context, subresource: '' })
  if (context.subresource === 'finalize') return withNameLabel(kept)
  const { finalizers: _theirs, ...spec } = kept.spec ?? {}
  const finalizers = old.spec?.finalizers
  return withNameLabel({ ...kept, spec: { ...spec, ...(finalizers === undefined ? {} : { finalizers }) } })
}

function validateFinalizers(
  namespace: Namespace,
  where: (index: number) => FieldPath,
  errors: FieldError[],
): void {
  namespace.spec?.finalizers?.forEach((name, index) => {
    checkText(name, isQualifiedName, where(index), errors)
    validateFinalizerDomain(name, where(index), errors)
  })
}

function validate(
  namespace: Namespace,
  old: Namespace | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec').child('finalizers')
  if (old !== undefined && context.subresource === 'status') {
    const deleting = namespace.metadata?.deletionTimestamp !== undefined
    const phase = namespace.status?.phase ?? ''
    const wanted = deleting ? 'Terminating' : 'Active'
    if (phase !== wanted) {
      const detail = `may only be '${wanted}' if \`deletionTimestamp\` is ${deleting ? 'not empty' : 'empty'}`
      errors.push(invalidValue('status.Phase', phase, detail))
    }
  } else if (context.subresource === 'finalize')
    validateFinalizers(namespace, (index) => path.index(index), errors)
  else validateFinalizers(namespace, () => path, errors)
  return errors
}

export const Namespace = defineKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  resource: 'namespaces',
  namespaced: false,
  schema: 'io.k8s.api.core.v1.Namespace',
  changedMetadata: ['whole', 'change'],
  shortNames: ['ns'],
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  nameRule: 'label',
  resetFields: { finalize: ['status'] },
  subresources: { status: {}, parts: ['finalize'] },
  returnsDeleted: true,
  defaults: defaultNamespace,
  prepareForCreate,
  prepareForUpdate,
  validate,
  terminating: (namespace) => ({ ...namespace, status: { ...namespace.status, phase: 'Terminating' } }),
  finalized: (namespace) => (namespace.spec?.finalizers ?? []).length === 0,
  selectableFields: { 'status.phase': (namespace) => namespace.status?.phase ?? '' },
  columns: [
    nameColumn,
    {
      name: 'Status',
      type: 'string',
      value: (namespace) => namespace.status?.phase ?? '',
    },
    ageColumn,
  ],
})
