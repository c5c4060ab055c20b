import { fieldPath } from '../../../apimachinery/field-path.ts'
import { cidrWarnings, ipWarnings } from '../../../apimachinery/ip-warnings.ts'
import type { core } from '../../generated/types/index.ts'
import { isExternalName } from './service-type.ts'

type Service = core.v1.Service

const hints = 'service.kubernetes.io/topology-aware-hints'

function headlessWarnings({ spec }: Service): readonly string[] {
  const found: string[] = []
  if ((spec?.loadBalancerIP ?? '') !== '') found.push('spec.loadBalancerIP is ignored for headless services')
  if ((spec?.externalIPs ?? []).length > 0) found.push('spec.externalIPs is ignored for headless services')
  if ((spec?.sessionAffinity ?? '') !== 'None')
    found.push('spec.SessionAffinity is ignored for headless services')
  return found
}

/** Of fields that type and addresses make pointless, and of addresses that are written oddly. */
export function serviceWarnings(service: Service): readonly string[] {
  const { metadata, spec = {} } = service
  const path = fieldPath('spec')
  const found: string[] = []
  if (metadata?.annotations?.[hints] !== undefined)
    found.push(`annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`)
  const { clusterIP = '' } = spec
  const headless = spec.type === 'ClusterIP' && clusterIP === 'None'
  if (clusterIP !== '' && clusterIP !== 'None')
    spec.clusterIPs?.forEach((ip, index) => {
      found.push(...ipWarnings(path.child('clusterIPs').index(index), ip))
    })
  if (headless) found.push(...headlessWarnings(service))
  const externalIps = spec.externalIPs ?? []
  externalIps.forEach((ip, index) => {
    found.push(...ipWarnings(path.child('externalIPs').index(index), ip))
  })
  if (externalIps.length > 0 && !headless && !isExternalName(service))
    found.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters')
  if ((spec.loadBalancerIP ?? '') !== '')
    found.push(...ipWarnings(path.child('loadBalancerIP'), spec.loadBalancerIP ?? ''))
  spec.loadBalancerSourceRanges?.forEach((range, index) => {
    found.push(...cidrWarnings(path.child('loadBalancerSourceRanges').index(index), range))
  })
  if (isExternalName(service) && externalIps.length > 0)
    found.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  if (!isExternalName(service) && (spec.externalName ?? '') !== '')
    found.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  if (spec.trafficDistribution === 'PreferClose')
    found.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
  return found
}
