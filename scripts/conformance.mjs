// Shows upstream's conformance behaviours on an embedded cluster, and closes with one line that counts them:
// `covered N, passed N, missing N`. With `--missing` it lists those that no test shows.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const node = join(root, 'node_modules/.bin/node')
const listMissing = process.argv.includes('--missing')
const behaviours = readFileSync(join(root, 'test/conformance/behaviours.txt'), 'utf8').trim().split('\n')
const folder = mkdtempSync(join(tmpdir(), 'timonel-conformance-'))
const report = join(folder, 'report.json')
const { status } = spawnSync(
  node,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--project',
    'conformance',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2).filter((argument) => argument !== '--missing'),
  ],
  { cwd: root, stdio: 'inherit' },
)
const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
rmSync(folder, { recursive: true, force: true })
const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
const covered = new Set(tests.map(({ title }) => title))
const failed = new Set(tests.filter((test) => test.status !== 'passed').map(({ title }) => title))
const shown = behaviours.filter((name) => covered.has(name))
const missing = behaviours.filter((name) => !covered.has(name))
if (listMissing) for (const name of missing) console.log(`missing: ${name}`)
for (const name of failed) console.log(`failed: ${name}`)
const passed = shown.filter((name) => !failed.has(name)).length
console.log(`covered ${shown.length}, passed ${passed}, missing ${missing.length}`)
process.exit(status ?? 1)
