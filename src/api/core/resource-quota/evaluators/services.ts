import type { core } from '../../../generated/types/index.ts'
import { countOf, type QuotaAmounts } from '../quota-amounts.ts'
import { countName, type QuotaEvaluator } from './evaluator.ts'

type Service = core.v1.Service

const objectName = countName('', 'services')
const names = new Set([objectName, 'services', 'services.nodeports', 'services.loadbalancers'])

/** Ports that are open on nodes, or will be: most are given numbers only after they have been counted. */
function nodePorts({ spec }: Service): number {
  const { type, ports = [], allocateLoadBalancerNodePorts } = spec ?? {}
  if (type === 'LoadBalancer' && allocateLoadBalancerNodePorts === false)
    return ports.filter(({ nodePort = 0 }) => nodePort !== 0).length
  return type === 'NodePort' || type === 'LoadBalancer' ? ports.length : 0
}

const usage = (service: Service): QuotaAmounts =>
  new Map([
    [objectName, countOf(1)],
    ['services', countOf(1)],
    ['services.nodeports', countOf(nodePorts(service))],
    ['services.loadbalancers', countOf(service.spec?.type === 'LoadBalancer' ? 1 : 0)],
  ])

const limitedType = ({ spec }: Service): string =>
  spec?.type === 'NodePort' || spec?.type === 'LoadBalancer' ? spec.type : ''

export const serviceEvaluator: QuotaEvaluator<Service> = {
  counts: (name) => names.has(name),
  // A service may become one of another type.
  mayHandle: (operation, subresource) => operation !== 'DELETE' && subresource === '',
  usage,
  frees: (service, old) => limitedType(service) !== limitedType(old),
}
