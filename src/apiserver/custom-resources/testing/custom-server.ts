import { CustomResourceDefinition } from '../../../api/apiextensions/custom-resource-definition/kind.ts'
import { realHost } from '../../../base/host/real-host.ts'
import { silentLogger } from '../../../base/logger.ts'
import { testKinds } from '../../testing/test-kinds.ts'
import {
  type Answer,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../../testing/test-server.ts'
import { DefinitionControllers } from '../definition-controllers.ts'

export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

export interface CustomServer extends TestServer {
  /** Creates a definition and waits until it is established. */
  define(definition: object): Promise<void>
  /** The answer's body. */
  get(path: string): Promise<Record<string, unknown>>
  stop(): Promise<void>
}

export const parsed = ({ text }: Answer): Record<string, unknown> => JSON.parse(text)

/** A definition of `noxus` in mygroup.example.com with one version; `more` goes into that. */
export function noxuDefinition(schema: object, more: object = {}, spec: object = {}): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'noxus.mygroup.example.com' },
    spec: {
      group: 'mygroup.example.com',
      scope: 'Namespaced',
      names: {
        plural: 'noxus',
        singular: 'nonenglishnoxu',
        kind: 'WishIHadChosenNoxu',
        listKind: 'NoxuItemList',
        shortNames: ['foo'],
        categories: ['all'],
      },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...more }],
      ...spec,
    },
  }
}

export const noxusPath = '/apis/mygroup.example.com/v1/namespaces/default/noxus'

export const noxu = (name: string, more: object = {}): object => ({
  apiVersion: 'mygroup.example.com/v1',
  kind: 'WishIHadChosenNoxu',
  metadata: { name, namespace: 'default' },
  ...more,
})

async function until(check: () => boolean): Promise<void> {
  while (!check()) await realHost.nextTurn()
}

/** A server with definitions, their controllers running. */
export async function startCustomServer(options: TestServerOptions = {}): Promise<CustomServer> {
  const server = await startTestServer({
    ...options,
    kinds: [...(options.kinds ?? testKinds), CustomResourceDefinition],
  })
  const { custom } = server.server
  if (custom === undefined) throw new Error('a server with definitions serves custom resources')
  const controllers = new DefinitionControllers({
    host: options.host ?? realHost,
    logger: silentLogger,
    reader: server.core.reader,
    transport: server.transport,
    custom,
  })
  controllers.start()
  const isEstablished = (name: string): boolean => {
    const definition = server.core.reader.get(
      { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
      '',
      name,
    )
    return JSON.stringify(definition).includes('InitialNamesAccepted')
  }
  return {
    ...server,
    define: async (definition) => {
      const answer = await server.call('POST', definitionsPath, definition)
      if (answer.status !== 201) throw new Error(answer.text)
      const { metadata } = parsed(answer) as { readonly metadata: { readonly name: string } }
      await until(() => isEstablished(metadata.name))
    },
    get: async (path) => parsed(await server.call('GET', path)),
    stop: async () => {
      controllers.stop()
      await server.close()
    },
  }
}
