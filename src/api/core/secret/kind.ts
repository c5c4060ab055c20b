import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fill } from '../../defaulting.ts'
import type { core } from '../../generated/types/index.ts'
import { mergeStringData } from './string-data.ts'
import { validateSecret, validateSecretChange } from './validate.ts'
import { secretWarnings } from './warnings.ts'

type Secret = core.v1.Secret

export const Secret = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  resource: 'secrets',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Secret',
  changedMetadata: ['change', 'whole'],
  defaults: (secret) => fill(mergeStringData(secret), { type: 'Opaque' }),
  validateChange: validateSecretChange,
  validate: validateSecret,
  warnings: secretWarnings,
  selectableFields: { type: (secret) => secret.type ?? '' },
  columns: [
    nameColumn,
    { name: 'Type', type: 'string', value: (secret) => secret.type ?? '' },
    { name: 'Data', type: 'string', value: ({ data = {} }) => Object.keys(data).length },
    ageColumn,
  ],
})
