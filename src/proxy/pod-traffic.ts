import { familyOfCidr, familyWords, type IpFamily } from './ip-family.ts'

/** How the traffic of pods is told from other traffic: by its source, or by the interface it comes in by (a name, or its beginning and `*`). */
export type PodTraffic = { readonly cidrs: readonly string[] } | { readonly interfaceName: string }

/** nft's expressions for it. */
export interface PodMatch {
  readonly isOfPods: string
  readonly isOfOthers: string
}

/** Undefined where nothing is known of that family's pods. */
export function podMatch(traffic: PodTraffic, family: IpFamily): PodMatch | undefined {
  if ('interfaceName' in traffic) {
    const name = JSON.stringify(traffic.interfaceName)
    return { isOfPods: `iifname ${name}`, isOfOthers: `iifname != ${name}` }
  }
  const cidr = traffic.cidrs.find((each) => familyOfCidr(each) === family)
  if (cidr === undefined) return undefined
  const { ip } = familyWords[family]
  return { isOfPods: `${ip} saddr ${cidr}`, isOfOthers: `${ip} saddr != ${cidr}` }
}
