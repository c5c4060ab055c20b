import type { core } from '../../api/generated/types/index.ts'

type Container = core.v1.Container
type ResourceList = Readonly<Record<string, string>>

const sorted = (list: ResourceList): ResourceList =>
  Object.fromEntries(Object.entries(list).sort(([a], [b]) => (a < b ? -1 : 1)))

const summary = ({ name, resources = {} }: Container): object => {
  const { limits, requests, claims } = resources
  return {
    name,
    resources: {
      ...(limits === undefined ? {} : { limits: sorted(limits) }),
      ...(requests === undefined ? {} : { requests: sorted(requests) }),
      ...(claims === undefined ? {} : { claims }),
    },
  }
}

/** What an Event says of a resize, as upstream's: `Pod resize started: {"containers":[…],"generation":2}`. */
export function resizeMessage(what: string, pod: core.v1.Pod, generation: number, error = ''): string {
  const { initContainers = [], containers = [] } = pod.spec ?? {}
  const text = JSON.stringify({
    ...(initContainers.length === 0 ? {} : { initContainers: initContainers.map(summary) }),
    ...(containers.length === 0 ? {} : { containers: containers.map(summary) }),
    generation,
    ...(error === '' ? {} : { error }),
  })
  return `${what}: ${text}`
}
