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
const titled = (...outcomes) =>
  new Set(tests.filter(({ status: outcome }) => outcomes.includes(outcome)).map(({ title }) => title))
// What the machine does not allow.
const skipped = titled('skipped', 'pending')
const failed = titled('failed')
const passing = titled('passed')
const shown = behaviours.filter((name) => covered.has(name))
const missing = behaviours.filter((name) => !covered.has(name))
if (listMissing) for (const name of missing) console.log(`missing: ${name}`)
for (const name of failed) console.log(`failed: ${name}`)
for (const name of skipped) console.log(`skipped: ${name}`)
const passed = shown.filter((name) => passing.has(name)).length
if (skipped.size > 0) console.log(`skipped ${skipped.size}`)
console.log(`covered ${shown.length}, passed ${passed}, missing ${missing.length}`)
process.exit(status ?? 1)
