import { expect, test } from 'vitest'
import { ReplicaSet } from '../api/apps/replica-set/kind.ts'
import { Node } from '../api/core/node/kind.ts'
import { Pod } from '../api/core/pod/kind.ts'
import { defineController, done } from './controller.ts'
import { permissionsOf } from './permissions-of.ts'

test('permissionsOf() lets a controller read what it declares and do what it says', () => {
  const declaration = defineController({
    name: 'test',
    reconciles: ReplicaSet,
    owns: [Pod],
    reads: [Node],
    permissions: [
      { group: '', resources: ['pods'], verbs: ['create', 'delete'] },
      { group: 'apps', resources: ['replicasets/status'], verbs: ['update'] },
    ],
    reconcile: async () => done,
  })
  expect(permissionsOf(declaration)).toEqual([
    { group: 'apps', resources: ['replicasets'], verbs: ['get', 'list', 'watch'] },
    { group: '', resources: ['pods'], verbs: ['create', 'delete', 'get', 'list', 'watch'] },
    { group: '', resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
    { group: 'apps', resources: ['replicasets/status'], verbs: ['update'] },
    { group: '', resources: ['events'], verbs: ['create', 'patch', 'update'] },
    { group: 'events.k8s.io', resources: ['events'], verbs: ['create', 'patch', 'update'] },
  ])
})
