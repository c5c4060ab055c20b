import type { core } from '../../api/generated/types/index.ts'
import { badRequest, notFound } from '../../apimachinery/status-error.ts'
import type { ObjectReader } from '../object-reader.ts'
import { typedReader } from '../typed-reader.ts'

type Pod = core.v1.Pod

/** The pod that a request is about. Throws NotFound. */
export function podOf(reader: ObjectReader, namespace: string, name: string): Pod {
  const pod = typedReader<Pod>(reader, { group: '', resource: 'pods' }).get(namespace, name)
  if (pod === undefined) throw notFound({ group: '', resource: 'pods', name })
  return pod
}

const allContainers = ({ spec }: Pod): readonly string[] =>
  [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])].map(
    ({ name }) => name,
  )

/** The container that is meant: a pod's only one need not be named. Throws BadRequest. */
export function containerOf(pod: Pod, wanted: string): string {
  const name = pod.metadata?.name ?? ''
  const containers = pod.spec?.containers ?? []
  if (wanted !== '') {
    if (allContainers(pod).includes(wanted)) return wanted
    throw badRequest(`container ${wanted} is not valid for pod ${name}`)
  }
  const [only] = containers
  if (only !== undefined && containers.length === 1) return only.name
  const needed = `a container name must be specified for pod ${name}`
  throw badRequest(
    only === undefined ? needed : `${needed}, choose one of: [${allContainers(pod).join(' ')}]`,
  )
}
