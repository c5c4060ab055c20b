import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Definition } from '../../src/api/apiextensions/custom-resource-definition/definition-state.ts'
import { CustomResourceDefinition } from '../../src/api/apiextensions/custom-resource-definition/kind.ts'
import { Job } from '../../src/api/batch/job/kind.ts'
import { Pod } from '../../src/api/core/pod/kind.ts'
import { PodGroup } from '../../src/api/scheduling/pod-group/kind.ts'
import { StorageVersionMigration } from '../../src/api/storagemigration/storage-version-migration/kind.ts'
import type { Client } from '../../src/client/client.ts'
import { whyNoEtcd } from '../../src/storage/etcd/testing/etcd-process.ts'
import { ComponentCluster } from './support/components.ts'
import { until } from './support/until.ts'

const gates = '--feature-gates=StorageVersionMigrator=true,GenericWorkload=true,WorkloadWithJob=true'
const apis = 'storagemigration.k8s.io/v1beta1=true,scheduling.k8s.io/v1alpha2=true'
const slow = 60_000

/** Each as its own account, with what upstream’s roles let it do. */
describe.skipIf(whyNoEtcd !== '')(`controllers behind gates ${whyNoEtcd}`, () => {
  let cluster: ComponentCluster
  let client: Client

  beforeAll(async () => {
    cluster = await ComponentCluster.create()
    const server = await cluster.apiServer([gates, `--runtime-config=${apis}`])
    client = cluster.client('admin', server)
    const config = cluster.kubeconfig('system:kube-controller-manager', server)
    await cluster.run('controller-manager', [
      ...[`--kubeconfig=${config}`, `--authentication-kubeconfig=${config}`],
      ...[`--authorization-kubeconfig=${config}`, '--use-service-account-credentials', gates],
      '--service-account-private-key-file=sa.key',
    ])
  }, slow)
  afterAll(() => cluster.dispose())

  test(
    'a definition forgets its old version when its objects have been stored in the new one',
    async () => {
      const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
      const versions = (stored: string) =>
        ['v1', 'v2'].map((name) => ({ name, served: true, storage: name === stored, schema }))
      const definitions = client.resource(CustomResourceDefinition)
      const get = (): Promise<Definition> => definitions.get('', 'noxus.example.com')
      const names = { plural: 'noxus', kind: 'Noxu' }
      const spec = { group: 'example.com', scope: 'Namespaced', names }
      await until('the definition', () =>
        definitions.create({
          metadata: { name: 'noxus.example.com' },
          spec: { ...spec, versions: versions('v1') },
        }),
      )
      const path = '/apis/example.com/v1/namespaces/default/noxus'
      const body = { apiVersion: 'example.com/v1', kind: 'Noxu', metadata: { name: 'a' } }
      await until('the custom object', () => client.transport.request({ method: 'POST', path, body }))
      await definitions.patch('', 'noxus.example.com', 'application/merge-patch+json', {
        spec: { versions: versions('v2') },
      })
      expect((await get()).status?.storedVersions).toEqual(['v1', 'v2'])
      await client.resource(StorageVersionMigration).create({
        metadata: { name: 'm' },
        spec: { resource: { group: 'example.com', resource: 'noxus' } },
      })
      await until('one stored version', async () => (await get()).status?.storedVersions?.join() === 'v2')
    },
    slow,
  )

  test(
    'a job whose pods all run at once has a group that stays while they are at work',
    async () => {
      await client.resource(Job).create({
        metadata: { name: 'gang', namespace: 'default' },
        spec: {
          ...{ completionMode: 'Indexed', completions: 2, parallelism: 2 },
          template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
        },
      })
      const pods = async () => (await client.resource(Pod).list({ namespace: 'default' })).items
      await until('two pods', async () => (await pods()).length === 2)
      const [group] = (await client.resource(PodGroup).list({ namespace: 'default' })).items
      const name = group?.metadata?.name ?? ''
      expect((await pods()).map(({ spec }) => spec?.schedulingGroup?.podGroupName)).toEqual([name, name])
      await client.resource(PodGroup).delete('default', name)
      const held = await client.resource(PodGroup).get('default', name)
      expect(held.metadata?.finalizers).toContain('scheduling.k8s.io/podgroup-protection')
      for (const pod of await pods())
        await client.resource(Pod).updateStatus({ ...pod, status: { ...pod.status, phase: 'Succeeded' } })
      await until(
        'the end of the group',
        async () => (await client.resource(PodGroup).list({ namespace: 'default' })).items.length === 0,
      )
    },
    slow,
  )
})
