import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { builtInSchemas } from '../src/api/schemas.ts'
import { gatherFieldDocs } from './field-docs/gather.ts'

const root = join(import.meta.dirname, '..')
const models = join(
  dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')),
  'gen',
  'models',
)
const sources = new Map(
  readdirSync(models)
    .filter((file) => file.endsWith('.d.ts'))
    .map((file) => [file.slice(0, -'.d.ts'.length), readFileSync(join(models, file), 'utf8')]),
)

const docs = gatherFieldDocs(sources, builtInSchemas)
const target = join(root, 'dist', 'field-docs.json')
mkdirSync(dirname(target), { recursive: true })
writeFileSync(target, JSON.stringify(docs))
process.stdout.write(`${Object.keys(docs).length} types described in ${target}\n`)
