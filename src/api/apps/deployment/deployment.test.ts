import { describe, expect, test } from 'vitest'
import type { apps } from '../../generated/types/index.ts'
import { changeRejections, created, rejections } from '../../testing/rejections.ts'
import { Deployment } from './kind.ts'

const labels = { app: 'web' }
const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx' }] } }

function web(spec: Partial<apps.v1.DeploymentSpec> = {}): apps.v1.Deployment {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { matchLabels: labels }, template, ...spec },
  }
}

test('Deployment.defaults() rolls out a quarter at a time', () => {
  expect(created(Deployment, web()).spec).toMatchObject({
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    template: { spec: { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', securityContext: {} } },
  })
})

describe('Deployment.validate()', () => {
  test.each<[string, Partial<apps.v1.DeploymentSpec>, readonly string[]]>([
    ['takes what is right', {}, []],
    [
      'refuses fewer than no replicas',
      { replicas: -1 },
      ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'wants the selector to choose the template',
      { selector: { matchLabels: { app: 'other' } } },
      [
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'wants a selector that chooses',
      { selector: {} },
      ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
    ],
    [
      'wants a roll-out that moves',
      { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } } },
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
    ],
    [
      'refuses shares above all',
      { strategy: { rollingUpdate: { maxUnavailable: '120%' } } },
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "120%": must not be greater than 100%'],
    ],
    [
      'refuses two strategies',
      { strategy: { type: 'Recreate', rollingUpdate: {} } },
      ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ],
    [
      'wants a deadline after readiness',
      { minReadySeconds: 600 },
      ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
    ],
    [
      'wants pods that run on',
      { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
  ])('%s', (_name, spec, expected) => {
    expect(rejections(Deployment, web(spec))).toEqual(expected)
  })

  test('keeps the selector', () => {
    const other = { selector: { matchLabels: { app: 'web', tier: 'x' } } }
    const relabelled = { ...template, metadata: { labels: { app: 'web', tier: 'x' } } }
    expect(changeRejections(Deployment, web(), () => web({ ...other, template: relabelled }))).toEqual([
      'spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"x"}}: field is immutable',
    ])
  })

  test('holds the counters of the status together', () => {
    const status = { replicas: 1, readyReplicas: 2, availableReplicas: 3 }
    expect(changeRejections(Deployment, web(), (old) => ({ ...old, status }), 'status')).toEqual([
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas',
    ])
  })
})

test('Deployment.warnings() tells of names that are no DNS labels', () => {
  const named = { ...created(Deployment, web()), metadata: { name: 'web.v1' } }
  expect(Deployment.warnings?.(named, undefined)).toEqual([
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
  ])
})
