import { afterAll, beforeAll, expect } from 'vitest'
import type { Json } from './support/api.ts'
import {
  type Defined,
  define,
  definitions,
  instance,
  instances,
  openSchema,
  version,
} from './support/definitions.ts'
import { eventually } from './support/eventually.ts'
import { behaviours, type Ground } from './support/suite.ts'
import { type Review, WebhookServer } from './support/webhook-server.ts'

const server = new WebhookServer()
beforeAll(() => server.start())
afterAll(() => server.stop())

interface Port {
  readonly hostPort?: string
  readonly host?: string
  readonly port?: string
}

/** `hostPort` in v1 is `host` and `port` in v2. */
function converted({ desiredAPIVersion = '', objects = [] }: Review): object {
  const convertedObjects = objects.map(({ hostPort, host, port, ...rest }: Json & Port) => {
    const [first, second] = (hostPort ?? '').split(':')
    const fields = desiredAPIVersion.endsWith('/v1')
      ? { hostPort: `${host}:${port}` }
      : { host: first, port: second }
    return { ...rest, ...fields, apiVersion: desiredAPIVersion }
  })
  return { convertedObjects, result: { status: 'Success' } }
}

const both = [version('v1', openSchema), version('v2', openSchema, { storage: false })]

/** A definition with two versions, and a webhook between them. */
async function defineConverted(ground: Ground): Promise<Defined> {
  const client = server.serve(`/${ground.namespace}`, converted)
  const defined = await define(ground, { versions: both })
  const conversion = {
    strategy: 'Webhook',
    webhook: { clientConfig: client, conversionReviewVersions: ['v1'] },
  }
  await ground.api.patch(`${definitions}/${defined.name}`, { spec: { conversion } })
  return defined
}

/** From now on the other version is the stored one. */
async function storeAs(ground: Ground, defined: Defined, name: string): Promise<void> {
  const versions = both.map((each) => ({ ...each, storage: 'name' in each && each.name === name }))
  await ground.api.patch(`${definitions}/${defined.name}`, { spec: { versions } })
  await eventually(async () => {
    const { spec } = await ground.api.get(`${definitions}/${defined.name}`)
    expect(spec?.['versions']).toContainEqual(expect.objectContaining({ name, storage: true }))
  })
}

behaviours('webhook conversion', {
  '[sig-api-machinery] CustomResourceConversionWebhook [Privileged:ClusterAdmin] should be able to convert from CR v1 to CR v2':
    async (ground) => {
      const defined = await defineConverted(ground)
      const path = instances(defined, ground)
      await ground.api.create(path, instance(defined, 'cr', { hostPort: 'localhost:8080' }))
      expect(await ground.api.get(`${instances(defined, ground, 'v2')}/cr`)).toMatchObject({
        apiVersion: `${defined.group}/v2`,
        host: 'localhost',
        port: '8080',
      })
    },

  '[sig-api-machinery] CustomResourceConversionWebhook [Privileged:ClusterAdmin] should be able to convert a non homogeneous list of CRs':
    async (ground) => {
      const defined = await defineConverted(ground)
      const one = instances(defined, ground)
      const two = instances(defined, ground, 'v2')
      await ground.api.create(one, instance(defined, 'old', { hostPort: 'a:1' }))
      await storeAs(ground, defined, 'v2')
      await ground.api.create(one, instance(defined, 'new', { hostPort: 'b:2' }))
      const fieldsOf = async (path: string): Promise<readonly unknown[]> =>
        (await ground.api.list(path)).map(({ apiVersion: _v, kind: _k, metadata: _m, ...rest }) => rest)
      expect(await fieldsOf(one)).toEqual([{ hostPort: 'b:2' }, { hostPort: 'a:1' }])
      expect(await fieldsOf(two)).toEqual([
        { host: 'b', port: '2' },
        { host: 'a', port: '1' },
      ])
    },
})
