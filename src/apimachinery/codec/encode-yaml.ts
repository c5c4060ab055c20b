import { stringify } from 'yaml'

/**
 * An object as YAML in upstream's layout: members sorted, lists not indented, no line folded, and strings quoted
 * that YAML 1.1 would take for something else.
 */
export function encodeYaml(object: unknown): string {
  return stringify(object, {
    version: '1.1',
    indentSeq: false,
    sortMapEntries: true,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  })
}
