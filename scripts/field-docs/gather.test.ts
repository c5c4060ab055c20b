import { describe, expect, it } from 'vitest'
import { builtInSchemas } from '../../src/api/schemas.ts'
import { gatherFieldDocs } from './gather.ts'

const source = `import { V1Foo } from './V1Foo.js';
/**
* A list of "events".
*/
export declare class CoreV1EventList {
    /**
    * The \\"version\\" of pods/_* here.
    */
    'apiVersion'?: string;
    'metadata'?: V1ListMeta;
    /**
    * Items.
    */
    'items': Array<CoreV1Event>;
    /**
    * Not a field.
    */
    'unknown'?: string;
}
`

const schemaProps = `
/**
* A schema.
*/
export declare class V1JSONSchemaProps {
    /**
    * Keeps all.
    */
    'x_kubernetes_preserve_unknown_fields'?: boolean;
    /**
    * Refers.
    */
    '$ref'?: string;
}
`

describe('gatherFieldDocs()', () => {
  it('gatherFieldDocs() takes texts from the class that stands for the type', () => {
    const docs = gatherFieldDocs(new Map([['CoreV1EventList', source]]), builtInSchemas)
    expect(docs).toEqual({
      'io.k8s.api.core.v1.EventList': {
        description: 'A list of "events".',
        fields: { apiVersion: 'The "version" of pods/* here.', items: 'Items.' },
      },
    })
  })

  it('gatherFieldDocs() finds fields whose names the generator spells in its own way', () => {
    const docs = gatherFieldDocs(new Map([['V1JSONSchemaProps', schemaProps]]), builtInSchemas)
    expect(docs['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps']).toEqual({
      description: 'A schema.',
      fields: { 'x-kubernetes-preserve-unknown-fields': 'Keeps all.', $ref: 'Refers.' },
    })
  })
})
