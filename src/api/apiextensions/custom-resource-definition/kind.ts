import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { apiextensions } from '../../generated/types/index.ts'

export const CustomResourceDefinition = defineKind<apiextensions.v1.CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  resource: 'customresourcedefinitions',
  namespaced: false,
  schema: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  subresources: { status: {} },
  storagePrefix: 'apiextensions.k8s.io/customresourcedefinitions',
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  columns: [nameColumn, ageColumn],
})
