/** What is between braces in a template. */
const placeholder = /\{(\w+)\}/g

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\5c',
  '*': '\\2a',
  '(': '\\28',
  ')': '\\29',
  '\0': '\\00',
}

/** A value that stands for itself in a search filter (RFC 4515 §3). */
const escapeFilterValue = (value: string): string =>
  value.replaceAll(/[\\*()\0]/g, (character) => escapes[character] ?? '')

/** The placeholders of a template. */
export const placeholdersOf = (template: string): readonly string[] =>
  [...template.matchAll(placeholder)].map(([, name]) => name ?? '')

/** A template such as `(uid={username})` with its values, escaped. */
export const searchFilter = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replaceAll(placeholder, (_all, name: string) => escapeFilterValue(values[name] ?? ''))
