import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { apps } from '../../generated/types/index.ts'

export const ControllerRevision = defineKind<apps.v1.ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  resource: 'controllerrevisions',
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.ControllerRevision',
  columns: [nameColumn, ageColumn],
})
