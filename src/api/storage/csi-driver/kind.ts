import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import { dropsDisabled } from '../../../apimachinery/gated-fields.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fillUnset, set } from '../../defaulting.ts'
import type { storage } from '../../generated/types/index.ts'
import { validateCsiDriver } from './validate.ts'

type CSIDriver = storage.v1.CSIDriver

function defaultCsiDriver(driver: CSIDriver): CSIDriver {
  const spec = fillUnset(driver.spec ?? {}, {
    attachRequired: true,
    podInfoOnMount: false,
    storageCapacity: false,
    fsGroupPolicy: 'ReadWriteOnceWithFSType',
    requiresRepublish: false,
    seLinuxMount: false,
  })
  const modes = spec.volumeLifecycleModes ?? []
  return set(driver, 'spec', modes.length > 0 ? spec : { ...spec, volumeLifecycleModes: ['Persistent'] })
}

const waitGate = 'VolumeLimitScaling'
const gatedFields = [{ gate: waitGate, paths: ['spec.preventPodSchedulingIfMissing'] }]
const dropDisabled = dropsDisabled(gatedFields)

/** Whether pods wait for a driver to come is asked only where that can be. */
function withWait(driver: CSIDriver, { features }: WriteContext): CSIDriver {
  if (driver.spec === undefined || !features.enabled(waitGate)) return driver
  return set(driver, 'spec', fillUnset(driver.spec, { preventPodSchedulingIfMissing: false }))
}

/** Its generation counts changes, but does not begin with the creation. */
function prepareForUpdate(driver: CSIDriver, old: CSIDriver, context: WriteContext): CSIDriver {
  const next = dropDisabled(driver, old, context.features)
  if (semanticallyEqual(next.spec, old.spec)) return next
  return { ...next, metadata: { ...next.metadata, generation: (old.metadata?.generation ?? 0) + 1 } }
}

const secretsWarning =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes'

function warnings({ spec }: CSIDriver, old: CSIDriver | undefined): readonly string[] {
  const { tokenRequests = [], serviceAccountTokenInSecrets } = spec ?? {}
  if (tokenRequests.length === 0 || serviceAccountTokenInSecrets !== undefined) return []
  return old !== undefined && semanticallyEqual(tokenRequests, old.spec?.tokenRequests)
    ? []
    : [secretsWarning]
}

const audiencesOf = ({ spec }: CSIDriver): string =>
  spec?.tokenRequests === undefined
    ? '<unset>'
    : spec.tokenRequests.map(({ audience }) => audience ?? '').join(',')

export const CSIDriver = defineKind<CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  resource: 'csidrivers',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.CSIDriver',
  allowUnconditionalUpdate: false,
  returnsDeleted: true,
  defaults: defaultCsiDriver,
  gatedFields,
  contextDefaults: withWait,
  prepareForUpdate,
  validate: validateCsiDriver,
  warnings,
  columns: [
    nameColumn,
    { name: 'AttachRequired', type: 'boolean', value: ({ spec }) => spec?.attachRequired ?? true },
    { name: 'PodInfoOnMount', type: 'boolean', value: ({ spec }) => spec?.podInfoOnMount ?? false },
    { name: 'StorageCapacity', type: 'boolean', value: ({ spec }) => spec?.storageCapacity ?? false },
    { name: 'TokenRequests', type: 'string', value: audiencesOf },
    { name: 'RequiresRepublish', type: 'boolean', value: ({ spec }) => spec?.requiresRepublish ?? false },
    {
      name: 'Modes',
      type: 'string',
      value: ({ spec }) => (spec?.volumeLifecycleModes ?? []).join(',') || '<none>',
    },
    ageColumn,
  ],
})
