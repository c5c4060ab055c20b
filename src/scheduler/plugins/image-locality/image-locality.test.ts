import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { imageLocality } from './image-locality.ts'

const megabytes = (count: number): number => count * 1024 * 1024
const node = (name: string, images: Readonly<Record<string, number>>): core.v1.Node => ({
  metadata: { name },
  status: {
    images: Object.entries(images).map(([image, size]) => ({ names: [image], sizeBytes: megabytes(size) })),
  },
})
const pod = (images: readonly string[], init: readonly string[] = [], volumes: readonly string[] = []) =>
  makePodInfo({
    metadata: { name: 'p' },
    spec: {
      containers: images.map((image) => ({ name: image, image })),
      initContainers: init.map((image) => ({ name: image, image })),
      volumes: volumes.map((reference) => ({ name: 'v', image: { reference } })),
    },
  })

// Upstream's own tables for the plugin have these images and scores.
const two = [
  node('n1', { 'gcr.io/40:latest': 40, 'gcr.io/300:latest': 300, 'gcr.io/2000:latest': 2000 }),
  node('n2', { 'gcr.io/250:latest': 250, 'gcr.io/10:v1': 10 }),
]

test.each([
  ['two images on different nodes', pod(['gcr.io/40', 'gcr.io/250']), [0, 5]],
  ['both images on one node', pod(['gcr.io/40', 'gcr.io/300']), [7, 0]],
  ['one that is over the most, one under the least', pod(['gcr.io/2000:latest', 'gcr.io/10:v1']), [49, 0]],
  ['an init container counts', pod(['gcr.io/40'], ['gcr.io/300']), [7, 0]],
  ['an image that is mounted counts', pod(['gcr.io/10:v1'], [], ['gcr.io/300']), [12, 0]],
  ['a registry with a port has no tag by that', pod(['host:80/image']), [0, 0]],
])('imageLocality() scores %s', (_name, wanted, expected) => {
  const table = new NodeTable()
  for (const each of two) table.setNode(each)
  const result = imageLocality(pluginContext({ table })).preScore?.(wanted, table.nodes)
  expect(table.nodes.map(result?.type === 'score' ? result.score : () => 0)).toEqual(expected)
})
