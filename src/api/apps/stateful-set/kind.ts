import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { claimSpecWarnings } from '../../core/persistent-volume-claim/claim-spec-warnings.ts'
import { defaultClaim } from '../../core/persistent-volume-claim/defaults.ts'
import { defaultPodTemplate } from '../../core/pod/defaults/pod-spec-defaults.ts'
import { podSpecGates } from '../../core/pod/gated-fields.ts'
import { fill, mapSame, set } from '../../defaulting.ts'
import type { apps } from '../../generated/types/index.ts'
import { templateColumns } from '../../template-columns.ts'
import { templateWarnings } from '../../warnings.ts'
import { validateStatefulSet } from './validate.ts'

type Strategy = apps.v1.StatefulSetUpdateStrategy

function defaultStrategy(strategy: Strategy = {}): Strategy {
  const typed =
    (strategy.type ?? '') === '' ? { rollingUpdate: {}, ...strategy, type: 'RollingUpdate' } : strategy
  if (typed.type !== 'RollingUpdate' || typed.rollingUpdate === undefined) return typed
  return set(typed, 'rollingUpdate', fill(typed.rollingUpdate, { partition: 0 }))
}

function defaultStatefulSet(statefulSet: apps.v1.StatefulSet): apps.v1.StatefulSet {
  if (statefulSet.spec === undefined) return statefulSet
  let spec = fill(statefulSet.spec, {
    podManagementPolicy: 'OrderedReady',
    replicas: 1,
    revisionHistoryLimit: 10,
  })
  spec = set(spec, 'updateStrategy', defaultStrategy(spec.updateStrategy))
  const retention = spec.persistentVolumeClaimRetentionPolicy ?? {}
  const filled = fill(retention, { whenDeleted: 'Retain', whenScaled: 'Retain' })
  spec = set(spec, 'persistentVolumeClaimRetentionPolicy', filled)
  if (spec.template !== undefined) spec = set(spec, 'template', defaultPodTemplate(spec.template))
  if (spec.volumeClaimTemplates !== undefined) {
    const templates = mapSame(spec.volumeClaimTemplates, (claim) => {
      const typed = fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' })
      return defaultClaim(typed)
    })
    spec = set(spec, 'volumeClaimTemplates', templates)
  }
  return set(statefulSet, 'spec', spec)
}

/** Upstream's path of a claim template is another on updates. */
function warnings(set: apps.v1.StatefulSet, old: apps.v1.StatefulSet | undefined): readonly string[] {
  const found = [...templateWarnings(set, old, ({ spec }) => spec?.template, 'spec.template')]
  set.spec?.volumeClaimTemplates?.forEach((claim, index) => {
    const path = `spec.volumeClaimTemplates[${index}]${old === undefined ? '' : '.Spec'}`
    found.push(...claimSpecWarnings(claim.spec, path))
  })
  if ((set.spec?.revisionHistoryLimit ?? 0) < 0)
    found.push(
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
    )
  return found
}

const maxUnavailableGate = 'MaxUnavailableStatefulSet'

/** How many pods may be away at once has a default only where it can be set. */
function withMaxUnavailable(
  statefulSet: apps.v1.StatefulSet,
  { features }: WriteContext,
): apps.v1.StatefulSet {
  const strategy = statefulSet.spec?.updateStrategy
  if (statefulSet.spec === undefined || strategy?.rollingUpdate === undefined) return statefulSet
  if (strategy.type !== 'RollingUpdate' || !features.enabled(maxUnavailableGate)) return statefulSet
  const rollingUpdate = fill(strategy.rollingUpdate, { maxUnavailable: 1 })
  return set(
    statefulSet,
    'spec',
    set(statefulSet.spec, 'updateStrategy', set(strategy, 'rollingUpdate', rollingUpdate)),
  )
}

export const StatefulSet = defineKind<apps.v1.StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  resource: 'statefulsets',
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.StatefulSet',
  shortNames: ['sts'],
  categories: ['all'],
  nameRule: 'label',
  subresources: {
    status: {},
    scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  },
  hasGeneration: true,
  gatedFields: [
    ...podSpecGates('spec.template.spec'),
    { gate: maxUnavailableGate, paths: ['spec.updateStrategy.rollingUpdate.maxUnavailable'] },
  ],
  defaults: defaultStatefulSet,
  contextDefaults: withMaxUnavailable,
  prepareForCreate: (statefulSet) => ({
    ...statefulSet,
    status: { replicas: 0, availableReplicas: 0 },
  }),
  validate: validateStatefulSet,
  warnings,
  columns: [
    nameColumn,
    {
      name: 'Ready',
      type: 'string',
      value: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    },
    ageColumn,
    ...templateColumns<apps.v1.StatefulSet>((statefulSet) => statefulSet.spec?.template),
  ],
})
