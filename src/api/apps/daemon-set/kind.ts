import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { apps } from '../../generated/types/index.ts'

export const DaemonSet = defineKind<apps.v1.DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  resource: 'daemonsets',
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.DaemonSet',
  shortNames: ['ds'],
  categories: ['all'],
  subresources: { status: {} },
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
