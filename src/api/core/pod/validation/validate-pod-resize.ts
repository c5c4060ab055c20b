import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue } from '../../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../../apimachinery/field-path.ts'
import type { StringMap } from '../../../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../../../apimachinery/semantically-equal.ts'
import type { core } from '../../../generated/types/index.ts'
import { isSidecar } from '../container-restart.ts'
import { isMirrorPod } from '../mirror-pod.ts'
import { qosClass } from '../qos-class.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container
type Requirements = core.v1.ResourceRequirements

const resourceKinds = ['requests', 'limits'] as const

const removes = (list: StringMap = {}, old: StringMap = {}): boolean =>
  Object.keys(old).some((name) => !(name in list))

function withoutCompute(list: StringMap = {}): StringMap {
  const { cpu: _cpu, memory: _memory, ...rest } = list
  return rest
}

/** Apart from processor and memory everything is as it was. */
function changesOnlyCompute(resources: Requirements | undefined, old: Requirements | undefined): boolean {
  return (
    resourceKinds.every((kind) =>
      semanticallyEqual(withoutCompute(resources?.[kind]), withoutCompute(old?.[kind])),
    ) && semanticallyEqual(resources?.claims, old?.claims)
  )
}

function sameOrder(
  list: 'containers' | 'initContainers',
  pod: Pod,
  old: Pod,
  path: FieldPath,
  errors: FieldError[],
): boolean {
  const [containers, oldContainers] = [pod.spec?.[list] ?? [], old.spec?.[list] ?? []]
  if (containers.length !== oldContainers.length) {
    errors.push(fieldForbidden(path.child(list), `${list} may not be added or removed on resize`))
    return false
  }
  let same = true
  oldContainers.forEach((container, index) => {
    if (containers[index]?.name === container.name) return
    same = false
    const where = path.child(list).index(index).child('name')
    errors.push(fieldForbidden(where, `${list} may not be renamed or reordered on resize`))
  })
  return same
}

function validateKept(
  resources: Requirements | undefined,
  old: Requirements | undefined,
  path: FieldPath,
  what: string,
  errors: FieldError[],
): void {
  for (const kind of resourceKinds)
    if (removes(resources?.[kind], old?.[kind]))
      errors.push(fieldForbidden(path.child(kind), `${what} ${kind} cannot be removed`))
}

const canBeResized = (pod: Pod): boolean => {
  const running = pod.status?.containerStatuses?.find((status) => status.state?.running !== undefined)
  return running === undefined || running.resources !== undefined
}

function validateInitContainer(
  container: Container,
  old: Container,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!changesOnlyCompute(container.resources, old.resources)) {
    const detail = 'only cpu and memory resources for init or sidecar containers are mutable'
    errors.push(fieldForbidden(path, detail))
  }
  if (isSidecar(container) || semanticallyEqual(container, old)) return
  for (const policy of container.resizePolicy ?? []) {
    if (policy.restartPolicy !== 'RestartContainer') continue
    const detail = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized'
    errors.push(fieldForbidden(path, detail))
  }
}

function validateContainerResizes(pod: Pod, old: Pod, path: FieldPath, errors: FieldError[]): void {
  for (const list of ['initContainers', 'containers'] as const)
    old.spec?.[list]?.forEach((container, index) => {
      const where = path.child(list).index(index)
      const next = pod.spec?.[list]?.[index]
      validateKept(next?.resources, container.resources, where.child('resources'), 'resource', errors)
    })
  pod.spec?.containers?.forEach((container, index) => {
    if (!changesOnlyCompute(container.resources, old.spec?.containers?.[index]?.resources))
      errors.push(fieldForbidden(path, 'only cpu and memory resources are mutable'))
  })
  pod.spec?.initContainers?.forEach((container, index) => {
    const previous = old.spec?.initContainers?.[index]
    if (previous !== undefined)
      validateInitContainer(container, previous, path.child('initContainers').index(index), errors)
  })
}

function validatePodLevel(pod: Pod, old: Pod, path: FieldPath, errors: FieldError[]): void {
  const [next, previous] = [pod.spec?.resources, old.spec?.resources]
  if (previous !== undefined && next === undefined) {
    errors.push(fieldForbidden(path.child('resources'), 'pod-level resources cannot be removed'))
    return
  }
  validateKept(next, previous, path.child('resources'), 'pod-level resource', errors)
  if (!changesOnlyCompute(next, previous))
    errors.push(fieldForbidden(path, 'only cpu and memory resources are mutable at pod-level'))
}

/** What `/resize` may do: change processor and memory of containers and of the pod (KEP-1287). */
export function validatePodResize(pod: Pod, old: Pod, errors: FieldError[]): void {
  const refuse = (why: string): void => {
    errors.splice(0, errors.length, fieldForbidden('[]', why))
  }
  if (isMirrorPod(old)) {
    refuse('static pods cannot be resized')
    return
  }
  if (old.spec?.os?.name === 'windows') {
    refuse('windows pods cannot be resized')
    return
  }
  const path = fieldPath('spec')
  if ((old.status?.qosClass ?? qosClass(old)) !== qosClass(pod)) {
    const detail = 'Pod QOS Class may not change as a result of resizing'
    errors.push(invalidValue(path, pod.status?.qosClass ?? '', detail))
  }
  if (!canBeResized(old)) errors.push(fieldForbidden(path, 'Pod running on node without support for resize'))
  validatePodLevel(pod, old, path, errors)
  const ordered = (['containers', 'initContainers'] as const).map((list) =>
    sameOrder(list, pod, old, path, errors),
  )
  if (ordered.every(Boolean)) validateContainerResizes(pod, old, path, errors)
}
