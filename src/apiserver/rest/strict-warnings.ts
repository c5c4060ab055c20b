import type { ServerRequest } from '../request.ts'

const yamlPrefix = /^(?:error converting YAML to JSON: )?yaml: unmarshal errors:\n/

/** Tells a client what strict decoding has against its body; each of YAML's complaints is a warning of its own. */
export function warnOfStrictErrors(request: ServerRequest, errors: readonly string[]): void {
  for (const error of errors) {
    if (!yamlPrefix.test(error)) request.warn(error)
    else for (const line of error.replace(yamlPrefix, '').split('\n')) request.warn(line.trim())
  }
}
