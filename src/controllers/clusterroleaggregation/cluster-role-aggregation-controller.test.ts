import { expect, test } from 'vitest'
import { ClusterRole } from '../../api/rbac/cluster-role/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { clusterRoleAggregationController } from './cluster-role-aggregation-controller.ts'

const read = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
const write = { verbs: ['update'], apiGroups: [''], resources: ['pods'] }

test('clusterRoleAggregationController() keeps a role filled with what its selectors pick', async () => {
  const cluster = new TestCluster()
  cluster.start(clusterRoleAggregationController)
  const clusterRoleSelectors = [{ matchLabels: { to: 'view' } }, { matchLabels: { to: 'edit' } }]
  await cluster.create(ClusterRole, { metadata: { name: 'edit' }, aggregationRule: { clusterRoleSelectors } })
  const rules = async () => (await cluster.get(ClusterRole, 'edit')).rules ?? []
  expect(await rules()).toEqual([])
  await cluster.create(ClusterRole, { metadata: { name: 'b', labels: { to: 'edit' } }, rules: [write, read] })
  await cluster.create(ClusterRole, { metadata: { name: 'a', labels: { to: 'view' } }, rules: [read] })
  expect(await rules()).toEqual([read, write])
  await cluster.change(ClusterRole, 'edit', { rules: [] })
  expect(await rules()).toEqual([read, write])
  await cluster.do(cluster.client.resource(ClusterRole).delete('', 'a'))
  expect(await rules()).toEqual([write, read])
  await cluster.stop()
})
