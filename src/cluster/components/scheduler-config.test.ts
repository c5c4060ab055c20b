import { expect, test } from 'vitest'
import { schedulerConfig } from './scheduler-config.ts'

const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n'

test('schedulerConfig() reads what is there', () => {
  const text = `${head}clientConnection: {kubeconfig: scheduler.conf, qps: 20}
leaderElection: {leaderElect: false, leaseDuration: 30s}
percentageOfNodesToScore: 50
`
  expect(schedulerConfig(text, '/etc/kubernetes/config.yaml')).toMatchObject({
    flags: {
      kubeconfig: '/etc/kubernetes/scheduler.conf',
      'kube-api-qps': 20,
      'leader-elect': false,
      'leader-elect-lease-duration': 30_000,
    },
    scheduling: { percentageOfNodesToScore: 50, profiles: [{ schedulerName: 'default-scheduler' }] },
  })
})

test.each([
  [
    'kind: Pod\napiVersion: v1\n',
    'is a v1 Pod, not a kubescheduler.config.k8s.io/v1 KubeSchedulerConfiguration',
  ],
  [`${head}profiles: [{name: x}]\n`, 'config.yaml: strict decoding error: unknown field "profiles[0].name"'],
  [
    `${head}enableProfiling: true\n`,
    'enableProfiling: Invalid value: true: profiles of Go programs are not there',
  ],
  [`${head}clientConnection: {contentType: json}\n`, 'unknown field "clientConnection.contentType"'],
])('schedulerConfig() refuses what is not there by name: %j', (text, message) => {
  expect(() => schedulerConfig(text, 'config.yaml')).toThrow(message)
})
