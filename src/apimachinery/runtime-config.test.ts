import { describe, expect, it } from 'vitest'
import { parseRuntimeConfig, servedOf } from './runtime-config.ts'

const known = [
  { group: '', version: 'v1', resource: 'pods' },
  { group: 'apps', version: 'v1', resource: 'deployments' },
  { group: 'apps', version: 'v1', resource: 'replicasets' },
  { group: 'apps', version: 'v1beta1', resource: 'deployments' },
  { group: 'lab.k8s.io', version: 'v1alpha1', resource: 'rats' },
]

const served = (flag: string): readonly string[] =>
  servedOf(known, parseRuntimeConfig(flag)).map(({ version, resource }) => `${version}/${resource}`)

describe('servedOf()', () => {
  it('serves stable versions', () => {
    expect(served('')).toEqual(['v1/pods', 'v1/deployments', 'v1/replicasets'])
  })

  it('serves stages, versions and resources that are asked for', () => {
    expect(served('api/all=true')).toHaveLength(5)
    expect(served('api/beta=true')).toContain('v1beta1/deployments')
    expect(served('api/all=true,api/alpha=false')).not.toContain('v1alpha1/rats')
    expect(served('lab.k8s.io/v1alpha1')).toContain('v1alpha1/rats')
    expect(served('apps/v1=false,apps/v1/replicasets=true')).toEqual(['v1/pods', 'v1/replicasets'])
    expect(served('api/all=false,api/v1=true')).toEqual(['v1/pods'])
  })

  it('lets the narrower setting win, and passes over groups that it does not know', () => {
    expect(served('api/beta=true,apps/v1beta1=false,example.com/v1=true')).toEqual(served(''))
  })

  it('refuses what means nothing', () => {
    expect(() => served('apps/v9=true')).toThrow('group version apps/v9 that has not been registered')
    expect(() => served('apps/v1=maybe')).toThrow('invalid value of apps/v1: maybe')
    expect(() => served('api/beta=1')).toThrow('invalid value api/beta=1')
    expect(() => served('apps/v1/Deployments=true')).toThrow('resource is always lowercase plural')
  })
})
