import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { followConfigFile } from './config-file.ts'

let folder: string
let stop: (() => void) | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-config-'))
})
afterEach(() => {
  stop?.()
  rmSync(folder, { recursive: true })
})

it('followConfigFile() applies what is right, passes over what is wrong, and counts both', async () => {
  const path = join(folder, 'config.yaml')
  writeFileSync(path, '1')
  const metrics = new PrometheusMetrics()
  const applied: number[] = []
  const parse = (text: string): number => {
    if (Number.isNaN(Number(text))) throw new Error('no number')
    return Number(text)
  }
  stop = followConfigFile({
    host: realHost,
    logger: silentLogger,
    metrics,
    subject: 'authorization',
    file: { path, text: '1', parse },
    apply: (config) => {
      applied.push(config)
    },
  })
  const counted = (status: string): boolean =>
    metrics.expose().includes(`config_controller_automatic_reloads_total{status="${status}"`)
  writeFileSync(path, 'wrong')
  await vi.waitFor(() => expect(counted('failure')).toBe(true), 5_000)
  expect(applied).toEqual([])
  // As editors and volumes do it.
  writeFileSync(`${path}.new`, '2')
  renameSync(`${path}.new`, path)
  await vi.waitFor(() => expect(applied).toEqual([2]), 5_000)
  await vi.waitFor(() => expect(counted('success')).toBe(true), 5_000)
})
