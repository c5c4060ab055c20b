import { describe, expect, it } from 'vitest'
import type { Schema } from '../apimachinery/schema.ts'
import { assert } from '../base/assert.ts'
import { builtInSchemas } from './schemas.ts'

function schemaOf(name: string): Schema {
  const schema = builtInSchemas.get(name)
  assert(schema !== undefined, `no schema ${name}`)
  return schema
}

const deploymentSpec = () => schemaOf('io.k8s.api.apps.v1.DeploymentSpec')

describe('builtInSchemas', () => {
  it('builtInSchemas resolves every reference of every type', () => {
    const names = builtInSchemas.names()
    expect(names.length).toBeGreaterThan(700)
    for (const name of names) {
      const schema = schemaOf(name)
      for (const property of Object.values(schema.properties ?? {})) {
        expect(property.type ?? property.intOrString ?? property.preserveUnknownFields).toBeDefined()
      }
    }
  })

  it('builtInSchemas.get() gives the same object again, also through references', () => {
    const pod = schemaOf('io.k8s.api.core.v1.Pod')
    expect(builtInSchemas.get('io.k8s.api.core.v1.Pod')).toBe(pod)
    const spec = schemaOf('io.k8s.api.core.v1.PodSpec')
    expect(pod.properties?.spec?.properties).toBe(spec.properties)
  })

  it('builtInSchemas.get() carries list keys, patch keys, formats and presence', () => {
    const spec = schemaOf('io.k8s.api.core.v1.PodSpec')
    expect(spec.properties?.containers).toMatchObject({
      type: 'array',
      listType: 'map',
      listMapKeys: ['name'],
      patchMergeKey: 'name',
      patchStrategy: 'merge',
      presence: 'always',
    })
    expect(spec.required).toEqual(['containers'])
    expect(deploymentSpec().properties?.strategy).toMatchObject({
      patchStrategy: 'retainKeys',
      presence: 'always',
      name: 'io.k8s.api.apps.v1.DeploymentStrategy',
    })
    expect(deploymentSpec().properties?.replicas).toEqual({ type: 'integer', format: 'int32' })
    expect(builtInSchemas.get('io.k8s.api.core.v1.NodeSelector')?.mapType).toBe('atomic')
  })

  it('builtInSchemas.get() knows no names that the facts do not have', () => {
    expect(builtInSchemas.get('io.k8s.api.core.v1.constructor')).toBeUndefined()
    expect(builtInSchemas.get('nonsense')).toBeUndefined()
  })

  it('builtInSchemas.get() resolves recursive types', () => {
    const name = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'
    const schema = schemaOf(name)
    expect(schema.properties?.not?.properties).toBe(schema.properties)
  })
})
