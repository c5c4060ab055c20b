// Runs the test suite and closes with one line that counts it: `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const node = join(root, 'node_modules/.bin/node')
const run = (script, args) =>
  spawnSync(node, [join(root, script), ...args], { cwd: root, stdio: 'inherit' }).status ?? 1

if (run('scripts/build.mjs', []) !== 0) process.exit(1)
const folder = mkdtempSync(join(tmpdir(), 'timonel-test-'))
const report = join(folder, 'report.json')
const status = run('node_modules/vitest/vitest.mjs', [
  'run',
  '--reporter=dot',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
])
const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
  readFileSync(report, 'utf8'),
)
rmSync(folder, { recursive: true, force: true })
for (const { assertionResults } of testResults) {
  for (const { status: outcome, fullName } of assertionResults) {
    if (outcome === 'pending' || outcome === 'skipped') console.log(`skipped: ${fullName}`)
  }
}
// A file that fails to load has no test to count, and must not pass unseen.
const broken = testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
).length
console.log(`${numPassedTests} passed, ${numFailedTests + broken} failed, ${numPendingTests} skipped`)
process.exit(status)
