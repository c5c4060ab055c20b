import type { core } from '../../../api/generated/types/index.ts'
import { quantityMilli, quantityUnits } from '../../../apimachinery/quantity.ts'
import { normalizeSysctl } from '../../admission/sysctls.ts'
import { sandboxLabels } from '../../runtime/labels.ts'
import type { ContainerResources, PortMapping, SandboxConfig, UserNamespace } from '../../runtime/messages.ts'
import type { NodeFacts } from '../pod-context.ts'
import { cpuQuota, cpuShares, quotaPeriodUs } from './container-resources.ts'
import { podComputeLimits } from './pod-cgroup.ts'
import { kernelHostname, podDns } from './pod-network-identity.ts'
import type { ResourceRules } from './resource-rules.ts'
import { groupsPolicy, namespacesOf, selinuxOption, supplementalGroups } from './security-context.ts'

type Pod = core.v1.Pod

export interface SandboxPlaces {
  readonly logDirectory: string
  readonly cgroupParent: string
  readonly userNamespace: UserNamespace
}

/** What the runtime makes a pod's sandbox from, and warnings about its resolv.conf. Throws for names that are no host names. */
export function sandboxConfig(
  pod: Pod,
  attempt: number,
  facts: NodeFacts,
  places: SandboxPlaces,
): { readonly config: SandboxConfig; readonly warnings: readonly string[] } {
  const dns = podDns(pod, facts.dns)
  const context = pod.spec?.securityContext
  const { runAsUser, runAsGroup, seLinuxOptions, sysctls = [] } = context ?? {}
  const privileged = (pod.spec?.containers ?? []).some((it) => it.securityContext?.privileged === true)
  const config: SandboxConfig = {
    metadata: {
      name: pod.metadata?.name ?? '',
      namespace: pod.metadata?.namespace ?? '',
      uid: pod.metadata?.uid ?? '',
      attempt,
    },
    hostname: kernelHostname(pod, facts.dns.domain),
    logDirectory: places.logDirectory,
    dnsConfig: dns.config,
    portMappings: portMappings(pod),
    labels: sandboxLabels(pod),
    annotations: pod.metadata?.annotations ?? {},
    linux: {
      cgroupParent: places.cgroupParent,
      resources: containersTogether(pod, facts.machine.rules),
      overhead: overheadResources(pod),
      sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [normalizeSysctl(name), value])),
      securityContext: {
        privileged,
        seccomp: { profileType: 'RuntimeDefault' },
        namespaceOptions: { ...namespacesOf(pod), usernsOptions: places.userNamespace },
        supplementalGroups: supplementalGroups(pod),
        ...groupsPolicy(pod),
        ...(runAsUser === undefined ? {} : { runAsUser: { value: runAsUser } }),
        ...(runAsGroup === undefined ? {} : { runAsGroup: { value: runAsGroup } }),
        ...(seLinuxOptions === undefined ? {} : { selinuxOptions: selinuxOption(seLinuxOptions) }),
      },
    },
  }
  return { config, warnings: dns.warnings }
}

/** What runtimes that start a machine of its own for a pod size it by. */
function containersTogether({ metadata = {}, spec }: Pod, rules: ResourceRules): ContainerResources {
  const { overhead: _, ...bare } = spec ?? { containers: [] }
  const limits = podComputeLimits({ metadata, spec: bare }, rules)
  const { cpuShares: shares, cpuQuotaUs = 0, memoryBytes = 0 } = limits
  return {
    cpuShares: shares,
    cpuPeriod: rules.cpuPeriodUs ?? quotaPeriodUs,
    cpuQuota: cpuQuotaUs,
    ...(memoryBytes === 0 ? {} : { memoryLimitInBytes: memoryBytes }),
  }
}

/** What the RuntimeClass says that a pod takes beside its containers: asked for and limited alike. */
export function overheadResources({ spec }: Pod): ContainerResources {
  const { overhead } = spec ?? {}
  if (overhead === undefined) return {}
  const cpu = quantityMilli(overhead.cpu ?? '0')
  const memory = quantityUnits(overhead.memory ?? '0')
  return {
    cpuShares: cpuShares(cpu),
    cpuPeriod: quotaPeriodUs,
    cpuQuota: cpuQuota(cpu),
    ...(memory === 0 ? {} : { memoryLimitInBytes: memory }),
  }
}

function portMappings(pod: Pod): readonly PortMapping[] {
  return (pod.spec?.containers ?? []).flatMap((container) =>
    (container.ports ?? []).map(({ protocol, containerPort, hostPort, hostIP }) => ({
      protocol: protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP',
      containerPort,
      hostPort: hostPort ?? 0,
      hostIp: hostIP ?? '',
    })),
  )
}
