import type { core } from '../../api/generated/types/index.ts'

type Service = core.v1.Service

/** The service whose variables every pod gets, whatever its namespace. */
const masterService = { namespace: 'default', name: 'kubernetes' }

const variableName = (name: string): string => name.replaceAll('-', '_').toUpperCase()

const withPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/**
 * Variables for the Services that a pod may want: `<NAME>_SERVICE_HOST`, `<NAME>_SERVICE_PORT` and the
 * Docker-compatible ones (https://kubernetes.io/docs/tutorials/services/connect-applications-service/).
 */
export function serviceVariables(
  services: readonly Service[],
  namespace: string,
  enableServiceLinks: boolean,
): ReadonlyMap<string, string> {
  const chosen = new Map<string, Service>()
  for (const service of services) {
    const address = service.spec?.clusterIP ?? ''
    if (address === '' || address === 'None') continue
    const { name = '', namespace: own } = service.metadata ?? {}
    if (own === masterService.namespace && name === masterService.name) {
      if (!chosen.has(name)) chosen.set(name, service)
    } else if (own === namespace && enableServiceLinks) chosen.set(name, service)
  }
  const variables = new Map<string, string>()
  for (const service of chosen.values()) addService(variables, service)
  return variables
}

function addService(variables: Map<string, string>, service: Service): void {
  const prefix = variableName(service.metadata?.name ?? '')
  const address = service.spec?.clusterIP ?? ''
  const ports = service.spec?.ports ?? []
  const first = ports[0]
  variables.set(`${prefix}_SERVICE_HOST`, address)
  if (first === undefined) return
  variables.set(`${prefix}_SERVICE_PORT`, String(first.port))
  for (const { name, port } of ports) {
    if (name) variables.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port))
  }
  for (const port of ports) {
    const protocol = port.protocol ?? 'TCP'
    const url = `${protocol.toLowerCase()}://${withPort(address, port.port)}`
    const link = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`
    if (port === first) variables.set(`${prefix}_PORT`, url)
    variables.set(link, url)
    variables.set(`${link}_PROTO`, protocol.toLowerCase())
    variables.set(`${link}_PORT`, String(port.port))
    variables.set(`${link}_ADDR`, address)
  }
}
