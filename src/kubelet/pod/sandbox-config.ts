import type { core } from '../../api/generated/types/index.ts'
import { sandboxLabels } from '../runtime/labels.ts'
import type { PortMapping, SandboxConfig } from '../runtime/messages.ts'
import type { NodeFacts } from './pod-context.ts'
import { kernelHostname, podDns } from './pod-network-identity.ts'
import { groupsPolicy, namespacesOf, selinuxOption, supplementalGroups } from './security-context.ts'

type Pod = core.v1.Pod

export interface SandboxPlaces {
  readonly logDirectory: string
  readonly cgroupParent: string
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
      sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [name.replaceAll('/', '.'), value])),
      securityContext: {
        privileged,
        seccomp: { profileType: 'RuntimeDefault' },
        namespaceOptions: namespacesOf(pod),
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
