import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

export const Node = defineKind<core.v1.Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  resource: 'nodes',
  namespaced: false,
  schema: 'io.k8s.api.core.v1.Node',
  shortNames: ['no'],
  subresources: { status: {} },
  storagePrefix: 'minions',
  columns: [nameColumn, ageColumn],
})
