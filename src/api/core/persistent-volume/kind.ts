import { carryOver, defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import { formatTime } from '../../../apimachinery/time.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'
import { defaultPersistentVolume } from './defaults.ts'
import { formatAccessModes, storageClassOf } from './storage-class.ts'
import { validatePersistentVolume } from './validate.ts'
import { volumeWarnings } from './warnings.ts'

type PersistentVolume = core.v1.PersistentVolume

function prepareForUpdate(
  volume: PersistentVolume,
  old: PersistentVolume,
  context: WriteContext,
): PersistentVolume {
  const kept = carryOver(volume, old, context)
  if (context.subresource !== 'status') return kept
  const { lastPhaseTransitionTime: time, ...status } = kept.status ?? {}
  const before = old.status?.lastPhaseTransitionTime
  const moved = status.phase !== old.status?.phase
  const untold = time === undefined || (moved && time === before)
  const at = !untold ? time : moved ? formatTime(context.nowMs) : before
  return { ...kept, status: at === undefined ? status : { ...status, lastPhaseTransitionTime: at } }
}

const phaseOf = (volume: PersistentVolume): string =>
  volume.metadata?.deletionTimestamp === undefined ? (volume.status?.phase ?? '') : 'Terminating'

function claimOf({ spec }: PersistentVolume): string {
  const claim = spec?.claimRef
  return claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`
}

export const PersistentVolume = defineKind<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  resource: 'persistentvolumes',
  namespaced: false,
  schema: 'io.k8s.api.core.v1.PersistentVolume',
  changedMetadata: ['whole', 'whole'],
  shortNames: ['pv'],
  subresources: { status: {} },
  returnsDeleted: true,
  defaults: defaultPersistentVolume,
  prepareForCreate: (volume, { nowMs }) => ({
    ...volume,
    status: { phase: 'Pending', lastPhaseTransitionTime: formatTime(nowMs) },
  }),
  prepareForUpdate,
  validate: validatePersistentVolume,
  warnings: volumeWarnings,
  columns: [
    nameColumn,
    { name: 'Capacity', type: 'string', value: ({ spec }) => spec?.capacity?.storage ?? '0' },
    { name: 'Access Modes', type: 'string', value: ({ spec }) => formatAccessModes(spec?.accessModes) },
    {
      name: 'Reclaim Policy',
      type: 'string',
      value: ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? '',
    },
    { name: 'Status', type: 'string', value: phaseOf },
    { name: 'Claim', type: 'string', value: claimOf },
    { name: 'StorageClass', type: 'string', value: storageClassOf },
    {
      name: 'VolumeAttributesClass',
      type: 'string',
      value: ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
    },
    { name: 'Reason', type: 'string', value: ({ status }) => status?.reason ?? '' },
    ageColumn,
    {
      name: 'VolumeMode',
      type: 'string',
      priority: 1,
      value: ({ spec }) => spec?.volumeMode ?? '<unset>',
    },
  ],
})
