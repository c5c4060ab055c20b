import { expect, test } from 'vitest'
import type { core } from '../api/generated/types/index.ts'
import { NodeTable } from './node-table.ts'
import { makePodInfo } from './pod-info.ts'

const node = (name: string, labels: Record<string, string> = {}): core.v1.Node => ({
  metadata: { name, labels },
})
const pod = (name: string) => makePodInfo({ metadata: { name, uid: name }, spec: { containers: [] } })

test('NodeTable tells observers of nodes and pods as they come, move and leave', () => {
  const table = new NodeTable()
  table.setNode(node('early'))
  table.addPod('early', pod('first'))
  const told: string[] = []
  table.observe({
    nodeComes: ({ name }) => told.push(`+${name}`),
    nodeLeaves: ({ name, pods }) => told.push(`-${name} with ${pods.size}`),
    podAdded: ({ name }, { uid }) => told.push(`${name}+${uid}`),
    podRemoved: ({ name }, { uid }) => told.push(`${name}-${uid}`),
  })
  table.addPod('late', pod('homeless'))
  table.setNode(node('late'))
  table.setNode({ ...node('late'), status: { phase: 'Running' } })
  table.setNode(node('late', { zone: 'a' }))
  table.addPod('late', pod('homeless'))
  table.removePod('early', 'first')
  table.removeNode('early')
  expect(told).toEqual([
    '+early',
    'early+first',
    '+late',
    'late+homeless',
    '-late with 1',
    '+late',
    'late+homeless',
    'late-homeless',
    'late+homeless',
    'early-first',
    '-early with 0',
  ])
})
