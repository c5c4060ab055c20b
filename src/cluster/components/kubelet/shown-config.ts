import { goDurationText } from '../../../apimachinery/go-duration.ts'
import { defined } from '../../../base/defined.ts'
import type { KubeletPage } from '../../../kubelet/server/kubelet-routes.ts'
import type { KubeletOptions } from './kubelet-options.ts'

type Shown = Readonly<Record<string, unknown>>

function nodePart({ flags, tuning, shutdownPeriods }: KubeletOptions): Shown {
  const everyMs = flags['node-status-update-frequency']
  return {
    registerNode: flags['register-node'],
    ...(flags['register-with-taints'].length === 0
      ? {}
      : { registerWithTaints: flags['register-with-taints'] }),
    ...defined({ podCIDR: flags['pod-cidr'] || undefined, maxPods: flags['max-pods'] }),
    nodeStatusUpdateFrequency: goDurationText(everyMs),
    nodeStatusReportFrequency: goDurationText(tuning.reportEveryMs ?? 5 * 60_000),
    nodeLeaseDurationSeconds: tuning.leaseSeconds ?? 40,
    nodeStatusMaxImages: flags['node-status-max-images'],
    failSwapOn: flags['fail-swap-on'],
    ...(shutdownPeriods.length === 0
      ? { shutdownGracePeriod: '0s', shutdownGracePeriodCriticalPods: '0s' }
      : {
          shutdownGracePeriodByPodPriority: shutdownPeriods.map(({ priority, seconds }) => ({
            ...{ priority, shutdownGracePeriodSeconds: seconds },
          })),
        }),
  }
}

function podPart({ flags, socket, systemLogs }: KubeletOptions): Shown {
  return {
    containerRuntimeEndpoint: `unix://${socket}`,
    clusterDNS: flags['cluster-dns'],
    clusterDomain: flags['cluster-domain'],
    ...defined({ resolvConf: flags['resolv-conf'], staticPodPath: flags['pod-manifest-path'] }),
    ...defined({ staticPodURL: flags['manifest-url'] || undefined }),
    cgroupDriver: flags['cgroup-driver'],
    cgroupRoot: flags['cgroup-root'],
    serializeImagePulls: flags['serialize-image-pulls'],
    seccompDefault: flags['seccomp-default'],
    kubeAPIQPS: flags['kube-api-qps'],
    kubeAPIBurst: flags['kube-api-burst'],
    containerLogMaxSize: flags['container-log-max-size'],
    containerLogMaxFiles: flags['container-log-max-files'],
    fileCheckFrequency: goDurationText(flags['file-check-frequency']),
    httpCheckFrequency: goDurationText(flags['http-check-frequency']),
    enableSystemLogHandler: systemLogs !== undefined,
    enableSystemLogQuery: systemLogs?.queries ?? false,
  }
}

function evictionPart({ flags }: KubeletOptions): Shown {
  const map = (
    name: 'eviction-hard' | 'eviction-soft' | 'eviction-soft-grace-period' | 'eviction-minimum-reclaim',
  ) => (flags[name].size === 0 ? undefined : Object.fromEntries(flags[name]))
  return defined({
    evictionHard: map('eviction-hard'),
    evictionSoft: map('eviction-soft'),
    evictionSoftGracePeriod: map('eviction-soft-grace-period'),
    evictionMinimumReclaim: map('eviction-minimum-reclaim'),
    evictionPressureTransitionPeriod: goDurationText(flags['eviction-pressure-transition-period']),
    evictionMaxPodGracePeriod: flags['eviction-max-pod-grace-period'],
  })
}

function resourcePart({ flags, tuning }: KubeletOptions): Shown {
  const map = (
    name:
      | 'kube-reserved'
      | 'system-reserved'
      | 'topology-manager-policy-options'
      | 'cpu-manager-policy-options'
      | 'feature-gates',
  ) => (flags[name].size === 0 ? undefined : Object.fromEntries<string | boolean>(flags[name]))
  const swapBehavior = tuning.resourceRules?.swap
  return {
    ...defined({ kubeReserved: map('kube-reserved'), systemReserved: map('system-reserved') }),
    ...defined({ kubeReservedCgroup: flags['kube-reserved-cgroup'] || undefined }),
    ...defined({ systemReservedCgroup: flags['system-reserved-cgroup'] || undefined }),
    enforceNodeAllocatable: flags['enforce-node-allocatable'],
    podsPerCore: flags['pods-per-core'],
    podPidsLimit: flags['pod-max-pids'],
    cpuCFSQuota: flags['cpu-cfs-quota'],
    cpuCFSQuotaPeriod: goDurationText(flags['cpu-cfs-quota-period']),
    topologyManagerPolicy: flags['topology-manager-policy'],
    topologyManagerScope: flags['topology-manager-scope'],
    ...defined({ topologyManagerPolicyOptions: map('topology-manager-policy-options') }),
    cpuManagerPolicy: flags['cpu-manager-policy'],
    ...defined({ cpuManagerPolicyOptions: map('cpu-manager-policy-options') }),
    cpuManagerReconcilePeriod: goDurationText(flags['cpu-manager-reconcile-period']),
    memoryManagerPolicy: flags['memory-manager-policy'],
    ...(flags['reserved-memory'].length === 0 ? {} : { reservedMemory: flags['reserved-memory'] }),
    ...defined({ reservedSystemCPUs: flags['reserved-cpus'] || undefined }),
    ...defined({ featureGates: map('feature-gates') }),
    memorySwap: defined({ swapBehavior }),
  }
}

function serverPart({ flags }: KubeletOptions): Shown {
  const clientCAFile = flags['client-ca-file']
  return {
    address: flags.address,
    port: flags.port,
    readOnlyPort: flags['read-only-port'],
    healthzPort: flags['healthz-port'],
    healthzBindAddress: flags['healthz-bind-address'],
    ...defined({ tlsCertFile: flags['tls-cert-file'], tlsPrivateKeyFile: flags['tls-private-key-file'] }),
    rotateCertificates: flags['rotate-certificates'],
    serverTLSBootstrap: flags['rotate-server-certificates'],
    authentication: {
      x509: defined({ clientCAFile }),
      webhook: {
        enabled: flags['authentication-token-webhook'],
        cacheTTL: goDurationText(flags['authentication-token-webhook-cache-ttl']),
      },
      anonymous: { enabled: flags['anonymous-auth'] },
    },
    authorization: {
      mode: flags['authorization-mode'],
      webhook: {
        cacheAuthorizedTTL: goDurationText(flags['authorization-webhook-cache-authorized-ttl']),
        cacheUnauthorizedTTL: goDurationText(flags['authorization-webhook-cache-unauthorized-ttl']),
      },
    },
  }
}

/** The configuration that is in force, as far as it has an effect, for `/configz`. */
export function configzPage(options: KubeletOptions): KubeletPage {
  const parts = [nodePart, podPart, evictionPart, resourcePart, serverPart].map((part) => part(options))
  const kubeletconfig = Object.assign({}, ...parts)
  const body = Buffer.from(JSON.stringify({ kubeletconfig }))
  return () => ({ headers: { 'content-type': 'application/json' }, body })
}
