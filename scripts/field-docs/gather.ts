import type { FieldDocs, TypeDocs } from '../../src/apimachinery/openapi/field-docs.ts'
import type { Schemas } from '../../src/apimachinery/schema.ts'

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Letters and digits alone: generators of code spell a field's name in their own way (`x-kubernetes-…`, `_continue`). */
const bare = (name: string): string => name.replaceAll(/[^A-Za-z0-9]/g, '')

/** How the client names the class of an OpenAPI type: with the group's name where two groups have such a type. */
function classNames(type: string): readonly string[] {
  const [name = '', version = '', group = ''] = type.split('.').toReversed()
  const plain = capital(version) + name
  return [capital(group) + plain, plain]
}

/** The text of a documentation comment, without what the code generator escaped in it. */
const textOf = (comment: string): string =>
  comment
    .split('\n')
    .map((line) => line.trim().replace(/^\*+ ?/, ''))
    .join('\n')
    .replaceAll(/\\(["'\\])/g, '$1')
    .replaceAll('/_*', '/*')
    .trim()

function typeDocs(source: string, fields: readonly string[]): TypeDocs {
  const [, classComment] = /\/\*\*\n((?:(?!\*\/)[\s\S])*)\*\/\nexport declare class/.exec(source) ?? []
  const byBareName = new Map(fields.map((field) => [bare(field), field]))
  const found: Record<string, string> = {}
  for (const [, comment = '', name = ''] of source.matchAll(
    /\/\*\*\n((?:(?!\*\/)[\s\S])*?)\*\/\n\s+'([^']+)'\??:/g,
  )) {
    const field = byBareName.get(bare(name))
    if (field !== undefined) found[field] = textOf(comment)
  }
  const description = classComment === undefined ? '' : textOf(classComment)
  return { ...(description === '' ? {} : { description }), fields: found }
}

/**
 * The texts that the type declarations of `@kubernetes/client-node` have for types and fields. `sources` are its
 * declaration files by class name.
 */
export function gatherFieldDocs(sources: ReadonlyMap<string, string>, schemas: Schemas): FieldDocs {
  const docs: Record<string, TypeDocs> = {}
  for (const type of schemas.names()) {
    const source = classNames(type)
      .map((name) => sources.get(name))
      .find((text) => text !== undefined)
    if (source === undefined) continue
    const found = typeDocs(source, Object.keys(schemas.get(type)?.properties ?? {}))
    if (found.description !== undefined || Object.keys(found.fields).length > 0) docs[type] = found
  }
  return docs
}
