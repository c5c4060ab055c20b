import { goQuote } from '../../../../apimachinery/go-text.ts'
import type { core } from '../../../generated/types/index.ts'

type Port = core.v1.ContainerPort

interface Place {
  readonly path: string
  readonly port: Port
}

/** How two ports of the same number and protocol stand to each other. */
function relation(port: Port, other: Port): string | undefined {
  const { hostIP = '', hostPort = 0 } = port
  const { hostIP: otherIp = '', hostPort: otherPort = 0 } = other
  if (hostIP === otherIp && hostPort === otherPort) return 'duplicate'
  if (hostPort === 0 || otherPort === 0) return 'overlapping'
  const oneOpen = (hostIP === '') !== (otherIp === '')
  return hostPort === otherPort && oneOpen ? 'dangerously ambiguous' : undefined
}

/** Go's text of a port. */
const goPort = ({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: Port): string =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`

function placesOf(spec: core.v1.PodSpec, path: string): readonly Place[] {
  const places: Place[] = []
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const)
    spec[list]?.forEach((container, index) => {
      container.ports?.forEach((port, at) => {
        places.push({ path: `${path}.${list}[${index}].ports[${at}]`, port })
      })
    })
  return places
}

/** Ports of all containers share one address. `path` is the specification's. */
export function portWarnings(spec: core.v1.PodSpec, path: string, warnings: string[]): void {
  const places = placesOf(spec, path)
  const known = new Map<string, Place[]>()
  for (const place of places) {
    const { port } = place
    if ((port.hostIP ?? '') !== '' && (port.hostPort ?? 0) === 0)
      warnings.push(`${place.path}: hostIP set without hostPort: ${goPort(port)}`)
    const key = `${port.containerPort}/${port.protocol ?? ''}`
    const others = known.get(key) ?? []
    for (const other of others) {
      const what = relation(port, other.port)
      if (what !== undefined) warnings.push(`${place.path}: ${what} port definition with ${other.path}`)
    }
    known.set(key, [...others, place])
  }
  const names = new Map<string, string>()
  for (const { path: where, port } of places) {
    const { name = '' } = port
    if (name === '') continue
    const other = names.get(name)
    if (other === undefined) names.set(name, where)
    else
      warnings.push(
        `${where}: duplicate port name ${goQuote(name)} with ${other}, services and probes that select ports by name will use ${other}`,
      )
  }
}
