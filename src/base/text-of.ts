/** A value that came from outside as text: '' for anything else. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The texts of a list that came from outside: none for anything else. */
export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
