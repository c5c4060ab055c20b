import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { defaultFeatures, featureGates } from '../../api/feature-gates.ts'
import { admissionConfig } from './admission-config.ts'

const withManifests = featureGates(new Map([['ManifestBasedAdmissionControlConfig', true]]))
let folder: string
let kubeConfigFile: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-admission-'))
  kubeConfigFile = join(folder, 'kubeconfig')
  writeFileSync(
    kubeConfigFile,
    stringify({
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
      clusters: [{ name: 'x', cluster: { server: 'https://images.test/policy' } }],
      users: [
        { name: 'x', user: { token: 't' } },
        { name: '*.ns.svc', user: { token: 'for-hooks' } },
      ],
    }),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = (name: string, configuration: unknown, features = defaultFeatures) =>
  admissionConfig(
    stringify({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AdmissionConfiguration',
      plugins: [{ name, configuration }],
    }),
    join(folder, 'admission.yaml'),
    features,
  )

describe('admissionConfig()', () => {
  const images = (more: object = {}) => ({ imagePolicy: { kubeConfigFile, ...more } })

  test('tells ImagePolicyWebhook whom to ask, with upstream’s defaults', () => {
    expect(read('ImagePolicyWebhook', images()).imagePolicy).toMatchObject({
      url: 'https://images.test/policy',
      allowedLifeMs: 300_000,
      deniedLifeMs: 30_000,
      firstDelayMs: 500,
      defaultAllow: false,
    })
    const given = { allowTTL: 10, denyTTL: -1, retryBackoff: 7, defaultAllow: true }
    expect(read('ImagePolicyWebhook', images(given)).imagePolicy).toMatchObject({
      allowedLifeMs: 10_000,
      deniedLifeMs: 0,
      firstDelayMs: 7,
      defaultAllow: true,
    })
  })

  test.each([
    [{ allowTTL: 1801 }, 'valid value is between 1s and 30m0s, got 30m1s'],
    [{ denyTTL: -2 }, 'valid value is between 1s and 30m0s, got -2s'],
    [{ retryBackoff: 300_001 }, 'valid value is between 1ns and 5m0s, got 5m0.001s'],
    [{ kubeConfigFile: '/nowhere/kubeconfig' }, 'no such file'],
  ])('refuses %j of ImagePolicyWebhook', (more, why) => {
    expect(() => read('ImagePolicyWebhook', images(more))).toThrow(why)
  })

  test.each([
    ['apiserver.config.k8s.io/v1', 'ResourceQuotaConfiguration'],
    ['resourcequota.admission.k8s.io/v1beta1', 'Configuration'],
    ['resourcequota.admission.k8s.io/v1alpha1', 'Configuration'],
  ])('tells ResourceQuota of limited resources in %s', (apiVersion, kind) => {
    const matchScopes = [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }]
    const limitedResources = [
      { resource: 'pods', matchScopes },
      { apiGroup: '', resource: 'persistentvolumeclaims', matchContains: ['gold.storageclass'] },
    ]
    expect(read('ResourceQuota', { apiVersion, kind, limitedResources }).limitedResources).toEqual([
      { apiGroup: '', resource: 'pods', matchContains: [], matchScopes },
      { ...limitedResources[1], matchScopes: [] },
    ])
  })

  test.each(['MutatingAdmissionWebhook', 'ValidatingAdmissionWebhook'])('tells %s as whom to ask', (name) => {
    const kind = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'WebhookAdmissionConfiguration' }
    const users = read(name, { ...kind, kubeConfigFile })
    const shown = users.mutatingWebhookUsers ?? users.validatingWebhookUsers
    expect(shown?.('hook.ns.svc', 443)).toEqual({ authorization: 'Bearer for-hooks' })
    expect(shown?.('elsewhere', 443)).toEqual({ authorization: 'Bearer t' })
    expect(() => read(name, { ...kind, kubeConfigFile: 'kubeconfig' })).toThrow(
      'must be an absolute file path',
    )
  })

  test.each([
    ['MutatingAdmissionPolicy', 'MutatingAdmissionPolicyConfiguration'],
    ['MutatingAdmissionWebhook', 'WebhookAdmissionConfiguration'],
    ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyConfiguration'],
    ['ValidatingAdmissionWebhook', 'WebhookAdmissionConfiguration'],
  ])('tells %s of manifests behind the gate', (name, kind) => {
    const say = (staticManifestsDir: string, features = withManifests) =>
      read(name, { apiVersion: 'apiserver.config.k8s.io/v1', kind, staticManifestsDir }, features)
    const why = `failed to apply admission: couldn't init admission plugin "${name}": staticManifestsDir: `
    expect(() => say(folder, defaultFeatures)).toThrow(
      `${why}Forbidden: staticManifestsDir requires the ManifestBasedAdmissionControlConfig feature gate to be enabled`,
    )
    expect(say(folder).manifests).toMatchObject({ [name]: { path: folder } })
    expect(() => say('here')).toThrow(`${why}Invalid value: "here": must be an absolute file path`)
    expect(() => say(kubeConfigFile)).toThrow(`${why}Invalid value: "${kubeConfigFile}": must be a directory`)
    expect(() => say('/nowhere')).toThrow(
      `${why}Invalid value: "/nowhere": unable to read: stat /nowhere: no such file or directory`,
    )
  })

  test('refuses what no plugin knows', () => {
    expect(() => read('Nobody', {})).toThrow('plugins[0]: Nobody takes no configuration here')
    const limited = { limitedResources: [{ resource: 'pods', matchScopes: [{ operator: 'x' }] }] }
    const kind = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'ResourceQuotaConfiguration' }
    expect(() => read('ResourceQuota', { ...kind, ...limited })).toThrow(
      'limitedResources[0].matchScopes[0].operator: Unsupported value: "x"',
    )
  })
})
