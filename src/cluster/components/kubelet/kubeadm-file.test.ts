import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { kubeletConfig } from './kubelet-config.ts'

/** As kubeadm v1.36 writes it to /var/lib/kubelet/config.yaml. */
const written = `apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  webhook:
    cacheTTL: 0s
    enabled: true
  x509:
    clientCAFile: /etc/kubernetes/pki/ca.crt
authorization:
  mode: Webhook
  webhook:
    cacheAuthorizedTTL: 0s
    cacheUnauthorizedTTL: 0s
cgroupDriver: systemd
clusterDNS:
- 10.96.0.10
clusterDomain: cluster.local
containerRuntimeEndpoint: unix:///var/run/containerd/containerd.sock
cpuManagerReconcilePeriod: 0s
crashLoopBackOff: {}
evictionPressureTransitionPeriod: 0s
fileCheckFrequency: 0s
healthzBindAddress: 127.0.0.1
healthzPort: 10248
httpCheckFrequency: 0s
imageMaximumGCAge: 0s
imageMinimumGCAge: 0s
kind: KubeletConfiguration
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
memorySwap: {}
nodeStatusReportFrequency: 0s
nodeStatusUpdateFrequency: 0s
rotateCertificates: true
runtimeRequestTimeout: 0s
shutdownGracePeriod: 0s
shutdownGracePeriodCriticalPods: 0s
streamingConnectionIdleTimeout: 0s
syncFrequency: 0s
volumeStatsAggPeriod: 0s
`

test('kubeletConfig() takes what kubeadm writes', () => {
  const { flags } = kubeletConfig(parse(written))
  expect(flags).toMatchObject({
    'client-ca-file': '/etc/kubernetes/pki/ca.crt',
    'cluster-dns': ['10.96.0.10'],
    'cgroup-driver': 'systemd',
    'rotate-certificates': true,
    'healthz-port': 10_248,
  })
  expect(flags).not.toHaveProperty('syncFrequency')
})

test.each([
  ['syncFrequency: 0s', 'syncFrequency: 30s', 'syncFrequency'],
  ['verbosity: 0', 'verbosity: 4', 'logging'],
])('kubeletConfig() refuses, in place of %s, %s', (nothing, something, field) => {
  expect(() => kubeletConfig(parse(written.replace(nothing, something)))).toThrow(`unknown field "${field}"`)
})
