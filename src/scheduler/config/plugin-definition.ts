import type { Features } from '../../apimachinery/feature-gates.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { FieldsReader, type ReadProblems } from '../../apimachinery/fields-reader.ts'
import type { Plugin, PluginContext } from '../framework.ts'

const group = 'kubescheduler.config.k8s.io'

/** Reads a plugin's arguments, defaults where the file has none; what is wrong goes to the reader. */
export type ArgsReader<A> = (reader: FieldsReader, features: Features) => A

/** A plugin that profiles can name. */
export interface PluginDefinition {
  readonly name: string
  /** Of its scores, where a profile gives none. */
  readonly weight: number
  /** Present: it is there only while this feature gate is on. */
  readonly gate?: string
  /** Reads its arguments (`undefined`: none are given); the plugin is made later, once for each profile. */
  prepare(
    args: unknown,
    path: string,
    problems: ReadProblems,
    features: Features,
  ): (context: PluginContext) => Plugin
}

/** A plugin without arguments: whatever a file gives it is handed on as it is, for plugins of others to look at. */
export const definePlugin = (
  name: string,
  weight: number,
  make: (context: PluginContext, args: unknown) => Plugin,
): PluginDefinition => ({ name, weight, prepare: (args) => (context) => make(context, args) })

/** Upstream finds that out while it decodes. */
const otherArgs = (name: string, path: string, kind: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field: `decoding .${path.replace(/\.args$/, '')}`,
  message: `args for plugin ${name} were not of type ${name}Args.${group}, got ${kind}.${group}`,
})

/** A plugin whose arguments are an object of the kind `NameArgs`. */
export const definePluginWithArgs = <A>(
  name: string,
  weight: number,
  make: (context: PluginContext, args: A) => Plugin,
  read: ArgsReader<A>,
): PluginDefinition => ({
  name,
  weight,
  prepare: (value, path, problems, features) => {
    const reader = new FieldsReader(value, path, problems)
    reader.text('apiVersion')
    const kind = reader.text('kind') ?? `${name}Args`
    if (kind !== `${name}Args`) reader.fail(otherArgs(name, path, kind))
    const args = read(reader, features)
    reader.end()
    return (context) => make(context, args)
  },
})
