import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { banner, type Facts, propertyName, quote } from './facts.ts'

/** A value as a literal, nulls left out, arrays of short strings on one line. */
function literal(value: unknown, indent: string): string {
  if (typeof value === 'string') return quote(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    const items = value.map((item) => literal(item, inner))
    const line = `[${items.join(', ')}]`
    if (value.every((item) => typeof item === 'string') && line.length + indent.length < 100) return line
    return `[\n${items.map((item) => `${inner}${item},\n`).join('')}${indent}]`
  }
  const entries = Object.entries(value).filter(([, field]) => field !== null)
  if (entries.length === 0) return '{}'
  const lines = entries.map(([name, field]) => `${inner}${propertyName(name)}: ${literal(field, inner)},\n`)
  return `{\n${lines.join('')}${indent}}`
}

const tables = [
  ['clusterRoles', 'ClusterRole', ['cluster-roles', 'controller-roles']],
  ['clusterRoleBindings', 'ClusterRoleBinding', ['cluster-role-bindings', 'controller-role-bindings']],
  ['roles', 'Role', ['namespace-roles']],
  ['roleBindings', 'RoleBinding', ['namespace-role-bindings']],
] as const

/** The roles and bindings that every cluster starts with; functions, so that the start builds none of them. */
export function generateRbac(facts: Facts): Map<string, string> {
  const parts = tables.map(([name, kind, files]) => {
    const items = files.flatMap((file): unknown[] => {
      return parse(readFileSync(join(facts.folder, 'rbac', `${file}.yaml`), 'utf8')).items
    })
    return `\nexport const ${name} = (): readonly rbac.v1.${kind}[] => ${literal(items, '')}\n`
  })
  const imports = "import type { rbac } from './types/index.ts'\n"
  return new Map([['bootstrap-rbac.ts', banner + imports + parts.join('')]])
}
