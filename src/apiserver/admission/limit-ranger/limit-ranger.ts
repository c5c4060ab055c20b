import { type PodQuantities, podQuantities, type Quantities } from '../../../api/core/pod/pod-quantities.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { aggregate } from '../../../apimachinery/aggregate.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { refuse } from '../refusal.ts'
import { maxConstraint, maxRequestConstraint, minConstraint, ratioConstraint } from './constraints.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container
type Claim = core.v1.PersistentVolumeClaim
type LimitRange = core.v1.LimitRange
type LimitItem = core.v1.LimitRangeItem

const annotation = 'kubernetes.io/limit-ranger'

interface Defaults {
  readonly requests: Quantities
  readonly limits: Quantities
}

function defaultsOf(range: LimitRange): Defaults {
  const items = range.spec?.limits?.filter(({ type }) => type === 'Container') ?? []
  return {
    requests: Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest)),
    limits: Object.assign({}, ...items.map((item) => item.default)),
  }
}

/** The names that `defaults` has beyond `own`. */
const missing = (own: Quantities, defaults: Quantities): readonly string[] =>
  Object.keys(defaults ?? {})
    .filter((name) => own?.[name] === undefined)
    .sort()

function withDefaults(container: Container, defaults: Defaults, kind: string, notes: string[]): Container {
  const { requests, limits } = container.resources ?? {}
  const newRequests = missing(requests, defaults.requests)
  const newLimits = missing(limits, defaults.limits)
  if (newRequests.length > 0) notes.push(`${newRequests.join(', ')} request for ${kind} ${container.name}`)
  if (newLimits.length > 0) notes.push(`${newLimits.join(', ')} limit for ${kind} ${container.name}`)
  if (newRequests.length + newLimits.length === 0) return container
  return {
    ...container,
    resources: {
      ...container.resources,
      ...(newRequests.length === 0 ? {} : { requests: { ...defaults.requests, ...requests } }),
      ...(newLimits.length === 0 ? {} : { limits: { ...defaults.limits, ...limits } }),
    },
  }
}

function defaultPod(pod: Pod, range: LimitRange): Pod {
  const defaults = defaultsOf(range)
  const notes: string[] = []
  const { spec } = pod
  if (spec === undefined) return pod
  const containers = spec.containers.map((container) => withDefaults(container, defaults, 'container', notes))
  const initContainers = spec.initContainers?.map((container) =>
    withDefaults(container, defaults, 'init container', notes),
  )
  if (notes.length === 0) return pod
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      annotations: {
        ...pod.metadata?.annotations,
        [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
      },
    },
    spec: { ...spec, containers, ...(initContainers === undefined ? {} : { initContainers }) },
  }
}

const entries = (quantities: Quantities): readonly [string, string][] => Object.entries(quantities ?? {})

function* problems(
  item: LimitItem,
  usage: PodQuantities,
  max: typeof maxConstraint,
): Generator<string | undefined> {
  for (const [name, enforced] of entries(item.min)) yield minConstraint(item.type, name, enforced, usage)
  for (const [name, enforced] of entries(item.max)) yield max(item.type, name, enforced, usage)
  if (max === maxRequestConstraint) return
  for (const [name, enforced] of entries(item.maxLimitRequestRatio)) {
    yield ratioConstraint(item.type, name, enforced, usage)
  }
}

function* podProblems(pod: Pod, range: LimitRange): Generator<string | undefined> {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  for (const item of range.spec?.limits ?? []) {
    if (item.type === 'Pod') yield* problems(item, podQuantities(pod), maxConstraint)
    if (item.type !== 'Container') continue
    for (const { resources } of containers) {
      yield* problems(item, { requests: resources?.requests, limits: resources?.limits }, maxConstraint)
    }
  }
}

function* claimProblems(claim: Claim, range: LimitRange): Generator<string | undefined> {
  const usage = { requests: claim.spec?.resources?.requests, limits: undefined }
  for (const item of range.spec?.limits ?? []) {
    if (item.type === 'PersistentVolumeClaim') yield* problems(item, usage, maxRequestConstraint)
  }
}

/** Fills in a namespace's defaults for what containers ask for, and refuses what is outside its bounds (https://kubernetes.io/docs/concepts/policy/limit-range/). */
export function limitRanger(reader: ObjectReader): AdmissionPlugin {
  const ranges = typedReader<LimitRange>(reader, { group: '', resource: 'limitranges' })
  const isGoing = ({ oldObject }: AdmissionAttributes): boolean =>
    oldObject?.metadata?.deletionTimestamp !== undefined
  return {
    name: 'LimitRanger',
    handles: (operation, { group, resource }, subresource) => {
      if (group !== '') return false
      if (resource === 'persistentvolumeclaims') return subresource === '' && operation !== 'DELETE'
      if (resource !== 'pods') return false
      return subresource === '' ? operation === 'CREATE' : subresource === 'resize' && operation === 'UPDATE'
    },
    mutate: (attributes, object): KubernetesObject => {
      if (attributes.resource.resource !== 'pods' || isGoing(attributes)) return object
      return ranges.list(attributes.namespace).reduce<Pod>(defaultPod, object as Pod)
    },
    validate: (attributes) => {
      if (attributes.operation === 'DELETE' || isGoing(attributes)) return
      for (const range of ranges.list(attributes.namespace)) {
        const found =
          attributes.resource.resource === 'pods'
            ? podProblems(attributes.object as Pod, range)
            : claimProblems(attributes.object as Claim, range)
        const errors = [...found].filter((problem) => problem !== undefined)
        if (errors.length > 0) throw refuse(attributes, aggregate(errors))
      }
    },
  }
}
