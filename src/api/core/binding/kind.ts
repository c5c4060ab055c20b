import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { notSupported, required } from '../../../apimachinery/field-errors.ts'
import type { core } from '../../generated/types/index.ts'

function validate({ target }: Partial<core.v1.Binding>): readonly FieldError[] {
  const { kind = '', name = '' } = target ?? {}
  const errors: FieldError[] = []
  if (kind !== '' && kind !== 'Node') errors.push(notSupported('target.kind', kind, ['Node', '<empty>']))
  if (name === '') errors.push(required('target.name'))
  return errors
}

/** Puts a pod on a node. */
export const Binding = defineKind<core.v1.Binding>({
  group: '',
  version: 'v1',
  kind: 'Binding',
  resource: 'bindings',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Binding',
  verbs: ['create'],
  validate,
})
