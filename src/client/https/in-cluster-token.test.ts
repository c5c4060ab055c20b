import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inClusterToken } from './in-cluster-token.ts'

test('inClusterToken() is the one of the pod, and none outside of pods', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pod-'))
  try {
    const environment = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }
    expect(inClusterToken({ environment, folder })).toBeUndefined()
    writeFileSync(join(folder, 'token'), 'mine\n')
    expect(inClusterToken({ environment, folder })).toBe('mine')
    expect(inClusterToken({ environment: { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, folder })).toBeUndefined()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
