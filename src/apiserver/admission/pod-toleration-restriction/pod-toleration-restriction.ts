import { qosClass } from '../../../api/core/pod/qos-class.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { goValue } from '../../../apimachinery/codec/go-types.ts'
import { parseJson } from '../../../apimachinery/codec/json-parse.ts'
import { notFound, statusError } from '../../../apimachinery/status-error.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'
import { isCovered, mergeTolerations } from './merge-tolerations.ts'

type Pod = core.v1.Pod
type Toleration = core.v1.Toleration

/** For namespaces that say nothing themselves. */
export interface TolerationRestriction {
  readonly default: readonly Toleration[]
  readonly whitelist: readonly Toleration[]
}

export const noTolerationRestriction: TolerationRestriction = { default: [], whitelist: [] }

const defaultsAnnotation = 'scheduler.alpha.kubernetes.io/defaultTolerations'
const whitelistAnnotation = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist'

function isTolerations(value: unknown): value is readonly Toleration[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null)
}

function parse(text: string): readonly Toleration[] {
  if (text === '') return []
  let value: unknown
  try {
    value = parseJson(text).value
  } catch (error) {
    throw statusError('', messageOf(error))
  }
  if (value === null) return []
  if (!isTolerations(value))
    throw statusError('', `json: cannot unmarshal ${goValue(value)} into Go value of type []v1.Toleration`)
  return value
}

/** Pods get their namespace's tolerations, and have none that it does not allow. */
export function podTolerationRestriction(
  reader: ObjectReader,
  configuration: TolerationRestriction,
): AdmissionPlugin {
  const namespaces = typedReader<core.v1.Namespace>(reader, { group: '', resource: 'namespaces' })
  const said = (name: string, annotation: string): readonly Toleration[] | undefined => {
    const namespace = namespaces.get('', name)
    if (namespace === undefined) throw notFound({ group: '', resource: 'namespaces', name })
    const text = namespace.metadata?.annotations?.[annotation]
    return text === undefined ? undefined : parse(text)
  }
  const check = (namespace: string, { spec }: Pod): void => {
    const tolerations = spec?.tolerations ?? []
    if (tolerations.length === 0) return
    const own = said(namespace, whitelistAnnotation)
    const allowed = own ?? configuration.whitelist
    if (allowed.length === 0 || tolerations.every((toleration) => isCovered(toleration, allowed))) return
    throw statusError(
      '',
      `pod tolerations (possibly merged with namespace default tolerations) conflict with its ${own === undefined ? 'cluster' : 'namespace'} whitelist`,
    )
  }
  return {
    name: 'PodTolerationRestriction',
    handles: matches({ operations: ['CREATE', 'UPDATE'], resources: ['pods'] }),
    mutate: ({ operation, namespace }, object) => {
      const pod = object as Pod
      if (pod.spec === undefined) return object
      const defaults =
        operation === 'CREATE' ? (said(namespace, defaultsAnnotation) ?? configuration.default) : []
      const pressure: Toleration = {
        key: 'node.kubernetes.io/memory-pressure',
        operator: 'Exists',
        effect: 'NoSchedule',
      }
      const extra = qosClass(pod) === 'BestEffort' ? defaults : [...defaults, pressure]
      const tolerant: Pod =
        extra.length === 0
          ? pod
          : {
              ...pod,
              spec: {
                ...pod.spec,
                tolerations: mergeTolerations([...(pod.spec.tolerations ?? []), ...extra]),
              },
            }
      check(namespace, tolerant)
      return tolerant
    },
    validate: ({ namespace, object }) => check(namespace, object as Pod),
  }
}
