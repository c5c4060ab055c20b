import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { run, succeed } from '../e2e/support/run.ts'
import { cacheFolder, patientMs, whyNo } from './support/tools.ts'

const why = whyNo('go', 'version')
const folder = join(import.meta.dirname, 'operator')
const program = join(import.meta.dirname, '..', '..', 'dist', 'timonel')
const suite = join(cacheFolder('operator'), 'operator.test')

describe.skipIf(why !== '')(`an operator’s own envtest suite, unchanged ${why}`, () => {
  let assets = ''
  beforeAll(async () => {
    assets = (await succeed([program, 'envtest'])).trim()
    await succeed(['go', 'test', '-c', '-o', suite, '.'], { cwd: folder, timeoutMs: patientMs })
  }, patientMs)

  const runSuite = (env: Readonly<Record<string, string>>) =>
    run([suite, '-test.v'], {
      cwd: folder,
      env: { ...process.env, KUBEBUILDER_ASSETS: assets, ...env },
      timeoutMs: 120_000,
    })

  test('passes', async () => {
    const { code, stdout, stderr } = await runSuite({})
    expect(code, `${stdout}\n${stderr}`).toBe(0)
    expect(stdout).toContain('--- PASS: TestSiteSaysGoodbye')
    expect(stdout).toContain('--- PASS: TestWebhooksFillInAndJudge')
    expect(stdout).toContain('--- PASS: TestSiteOfOldIsConvertedAndJudged')
    expect(stdout).toContain('--- SKIP: TestControllers')
  })

  test('passes with controllers, which envtest has not', async () => {
    const { code, stdout, stderr } = await runSuite({ TIMONEL_CONTROLLERS: '1' })
    expect(code, `${stdout}\n${stderr}`).toBe(0)
    expect(stdout).toContain('--- PASS: TestControllers')
  })

  test('passes ten times at once', async () => {
    const results = await Promise.all(Array.from({ length: 10 }, () => runSuite({})))
    expect(results.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(Array(10).fill(0))
  })
})
