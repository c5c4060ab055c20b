const separator = '---'

/** The documents of a YAML text as upstream's YAMLReader tells them apart: between lines of `---` alone. Empty ones are left out. */
export function splitDocuments(text: string): readonly string[] {
  const documents: string[] = []
  let lines: string[] = []
  const end = (): void => {
    const document = lines.join('\n').trim()
    if (document !== '') documents.push(document)
    lines = []
  }
  for (const line of text.split('\n')) {
    if (line.startsWith(separator) && line.slice(separator.length).trim() === '') end()
    else lines.push(line)
  }
  end()
  return documents
}
