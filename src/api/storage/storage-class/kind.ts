import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { deprecatedNodeLabel } from '../../core/node/deprecated-labels.ts'
import { fillUnset } from '../../defaulting.ts'
import type { storage } from '../../generated/types/index.ts'
import { validateStorageClass } from './validate.ts'

type StorageClass = storage.v1.StorageClass

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

/** Whether claims without a class get this one. */
export const isDefaultStorageClass = ({ metadata }: StorageClass): boolean =>
  defaultAnnotations.some((annotation) => metadata?.annotations?.[annotation] === 'true')

const warnings = ({ allowedTopologies = [] }: StorageClass): readonly string[] =>
  allowedTopologies.flatMap(({ matchLabelExpressions = [] }, index) =>
    matchLabelExpressions.flatMap(({ key }, at) => {
      const message = deprecatedNodeLabel(key)
      const where = `allowedTopologies[${index}].matchLabelExpressions[${at}].key`
      return message === undefined ? [] : [`${where}: ${message}`]
    }),
  )

export const StorageClass = defineKind<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  resource: 'storageclasses',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.StorageClass',
  changedMetadata: ['whole', 'change'],
  shortNames: ['sc'],
  returnsDeleted: true,
  defaults: (object) => fillUnset(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  validate: validateStorageClass,
  warnings,
  columns: [
    {
      ...nameColumn,
      value: (object) => `${object.metadata?.name ?? ''}${isDefaultStorageClass(object) ? ' (default)' : ''}`,
    },
    { name: 'Provisioner', type: 'string', value: ({ provisioner }) => provisioner ?? '' },
    { name: 'ReclaimPolicy', type: 'string', value: ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete' },
    {
      name: 'VolumeBindingMode',
      type: 'string',
      value: ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate',
    },
    {
      name: 'AllowVolumeExpansion',
      type: 'string',
      value: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
    },
    ageColumn,
  ],
})
