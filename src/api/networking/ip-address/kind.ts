import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { networking } from '../../generated/types/index.ts'

export const IPAddress = defineKind<networking.v1.IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  resource: 'ipaddresses',
  namespaced: false,
  schema: 'io.k8s.api.networking.v1.IPAddress',
  shortNames: ['ip'],
  columns: [nameColumn, ageColumn],
})
