import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nodeKubeletOptions } from './node-kubelet-options.ts'

const folder = mkdtempSync(join(tmpdir(), 'timonel-node-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileWith(text: string): string {
  const file = join(folder, 'kubelet.yaml')
  writeFileSync(file, `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${text}`)
  return file
}

test('nodeKubeletOptions() has what a file says of a node', () => {
  expect(nodeKubeletOptions(undefined, 'node-1')).toBeUndefined()
  const file = fileWith('maxPods: 30\ncpuManagerPolicy: static\nkubeReserved: {cpu: 500m}\n')
  const options = nodeKubeletOptions(file, 'node-1')
  expect(options?.flags['max-pods']).toBe(30)
  expect(options?.tuning).toMatchObject({
    ...{ pinning: { cpuPolicy: 'static' }, reservations: { kube: { cpu: '500m' } } },
  })
})

test.each([
  ['clusterDNS: [10.0.0.10]\n', "clusterDNS is for the cluster to say, not for its nodes' file"],
  ['cpuManagerPolicy: dynamic\n', 'unknown policy: "dynamic"'],
  ['color: blue\n', 'unknown field "color"'],
])('nodeKubeletOptions() refuses %s', (text, message) => {
  expect(() => nodeKubeletOptions(fileWith(text), 'node-1')).toThrow(message)
})
