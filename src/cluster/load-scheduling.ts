import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'
import type { CustomPlugin, Scheduling } from '../scheduler/config/scheduling-of.ts'

const isPlugin = (value: unknown): value is CustomPlugin =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  'make' in value &&
  typeof value.make === 'function'

/** The plugins that files (TypeScript or JavaScript modules) export by default: one each, or a list. */
export async function loadPlugins(files: readonly string[]): Promise<readonly CustomPlugin[]> {
  const loaded: CustomPlugin[] = []
  for (const file of files) {
    const module: { readonly default?: unknown } = await import(pathToFileURL(resolve(file)).href)
    const exported: unknown[] = Array.isArray(module.default) ? module.default : [module.default]
    for (const plugin of exported) {
      if (!isPlugin(plugin))
        throw new Error(`${file} exports no scheduler plugin by default: { name, make(context, args) }`)
      loaded.push(plugin)
    }
  }
  return loaded
}

/** Of a KubeSchedulerConfiguration's file, and modules with plugins. */
export async function loadScheduling(
  file: string | undefined,
  plugins: readonly string[],
): Promise<Scheduling> {
  const loaded = await loadPlugins(plugins)
  if (file === undefined) return { plugins: loaded }
  return { plugins: loaded, configuration: parse(readFileSync(file, 'utf8')) }
}
