import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generateColumnDescriptions } from './generate-api/column-descriptions.ts'
import { readFacts } from './generate-api/facts.ts'
import { generateFeatureGates } from './generate-api/feature-gates.ts'
import { generateGoStructs } from './generate-api/go-structs.ts'
import { generateProtobuf } from './generate-api/protobuf.ts'
import { generateRbac } from './generate-api/rbac.ts'
import { generateResources } from './generate-api/resources.ts'
import { generateRpc } from './generate-api/rpc.ts'
import { generateSchemas } from './generate-api/schemas.ts'
import { generateTypes } from './generate-api/types.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  process.stderr.write('usage: node scripts/generate-api.ts FACTS\n')
  process.exit(2)
}

const source = join(import.meta.dirname, '..', 'src')
const target = join(source, 'api', 'generated')
const facts = readFacts(folder)
const meta = readFileSync(join(source, 'apimachinery', 'meta.ts'), 'utf8')
const files = new Map([
  ...generateTypes(facts, meta),
  ...generateSchemas(facts),
  ...generateProtobuf(facts),
  ...generateResources(facts),
  ...generateFeatureGates(facts),
  ...generateRbac(facts),
  ...generateRpc(facts),
  ...generateGoStructs(),
  ...generateColumnDescriptions(),
])

for (const old of ['types', 'rpc']) rmSync(join(target, old), { recursive: true, force: true })
for (const [name, text] of files) {
  mkdirSync(dirname(join(target, name)), { recursive: true })
  writeFileSync(join(target, name), text)
}
process.stdout.write(`${files.size} files written to ${target}\n`)
