import { expect, test } from 'vitest'
import { needsImageMounts } from './containerd-images.ts'

test.each([
  ['containerd', '1.6.20~ds1', true],
  ['containerd', 'v1.7.27', true],
  ['containerd', 'v2.0.5', true],
  ['containerd', 'v2.1.0', false],
  ['cri-o', '1.33.0', false],
])('needsImageMounts() of %s %s is %s', (runtimeName, runtimeVersion, needed) => {
  const version = { version: '0.1.0', runtimeApiVersion: 'v1', runtimeName, runtimeVersion }
  expect(needsImageMounts(version)).toBe(needed)
})
