import { Node } from '../../../api/core/node/kind.ts'
import { PersistentVolume } from '../../../api/core/persistent-volume/kind.ts'
import { storageClassOf } from '../../../api/core/persistent-volume/storage-class.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { StorageClass } from '../../../api/storage/storage-class/kind.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import type { Plugin, PluginContext, Rejection } from '../../framework.ts'
import { notFoundRejection } from '../../not-found.ts'

const conflict: Rejection = { resolvable: false, reasons: ['node(s) had no available volume zone'] }
const unresolvable = (reason: string): Rejection => ({ resolvable: false, reasons: [reason] })

/** Labels of topology, and what the first two are called today. */
const current: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'topology.kubernetes.io/region',
}

interface Place {
  readonly key: string
  readonly values: readonly string[]
}

/** Where a volume can be reached from; several zones are separated by `__`. A label with an empty zone says nothing. */
function placesOf({ metadata }: core.v1.PersistentVolume): readonly Place[] {
  return Object.keys(current).flatMap((key) => {
    const values = metadata?.labels?.[key]?.split('__').map((value) => value.trim())
    return values === undefined || values.includes('') ? [] : [{ key, values }]
  })
}

const claimNames = (pod: core.v1.Pod): readonly string[] =>
  (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => (claim ? [claim.claimName] : []))

function isElsewhere({ key, values }: Place, { metadata }: core.v1.Node): boolean {
  const value = metadata?.labels?.[key] ?? metadata?.labels?.[current[key] ?? key]
  return value === undefined || !values.includes(value)
}

/** Volumes and their pods are in the same zone. */
export function volumeZone({ informers }: PluginContext): Plugin {
  const volumes = informers.informer(PersistentVolume).lister
  const claims = informers.informer(PersistentVolumeClaim).lister
  const classes = informers.informer(StorageClass).lister

  /** Of an unbound claim; undefined: it waits for its pod. */
  function refuseUnbound(claim: core.v1.PersistentVolumeClaim): Rejection | undefined {
    const name = storageClassOf(claim)
    if (name === '') return unresolvable('PersistentVolumeClaim had no pv name and storageClass name')
    const storageClass = classes.get('', name)
    if (storageClass === undefined) return notFoundRejection('storageclass.storage.k8s.io', name)
    if (storageClass.volumeBindingMode === undefined)
      return unresolvable(`VolumeBindingMode not set for StorageClass ${JSON.stringify(name)}`)
    if (storageClass.volumeBindingMode === 'WaitForFirstConsumer') return undefined
    return unresolvable('PersistentVolume had no name')
  }

  function find(pod: core.v1.Pod): readonly Place[] | Rejection {
    const places: Place[] = []
    for (const name of claimNames(pod)) {
      if (name === '') return unresolvable('PersistentVolumeClaim had no name')
      const claim = claims.get(pod.metadata?.namespace ?? '', name)
      if (claim === undefined) return notFoundRejection('persistentvolumeclaim', name)
      const volumeName = claim.spec?.volumeName
      if (!volumeName) {
        const refusal = refuseUnbound(claim)
        if (refusal !== undefined) return refusal
        continue
      }
      const volume = volumes.get('', volumeName)
      if (volume === undefined) return notFoundRejection('persistentvolume', volumeName)
      places.push(...placesOf(volume))
    }
    return places
  }

  return {
    name: 'VolumeZone',
    preFilter: ({ pod }) => {
      const places = find(pod)
      if ('reasons' in places) return { type: 'reject', rejection: places }
      if (places.length === 0) return { type: 'skip' }
      return {
        type: 'filter',
        filter: ({ node }) => {
          const labels = node.metadata?.labels
          if (!Object.keys(current).some((key) => labels?.[key] !== undefined)) return undefined
          return places.some((place) => isElsewhere(place, node)) ? conflict : undefined
        },
      }
    },
    events: [
      onEvent(
        StorageClass,
        actions.add,
        (_pod, added) => added?.volumeBindingMode === 'WaitForFirstConsumer',
      ),
      onEvent(Node, actions.add | actions.updateNodeLabel),
      onEvent(
        PersistentVolumeClaim,
        actions.add | actions.update,
        ({ pod }, claim) =>
          claim?.metadata?.namespace === pod.metadata?.namespace &&
          claimNames(pod).includes(claim?.metadata?.name ?? ''),
      ),
      onEvent(
        PersistentVolume,
        actions.add | actions.update,
        (_pod, now, old) =>
          now === undefined || old === undefined || !jsonEqual(placesOf(now), placesOf(old)),
      ),
    ],
  }
}
