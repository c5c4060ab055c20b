/**
 * The value of a variable in an environment file (KEP-3721), '' when it is not there. Values stand in single
 * quotes and may span lines; comments and blank lines are passed over. Throws upstream's texts for anything else
 * (pkg/kubelet/util/env).
 */
export function environmentFileValue(text: string, key: string): string {
  const lines = text.replace(/\n$/, '').split('\n')
  const fail = (number: number, why: string): never => {
    throw new Error(`invalid environment variable format at line ${number}: ${why}`)
  }
  for (let index = 0; index < lines.length; index++) {
    const line = (lines[index] ?? '').replace(/^[ \t]+/, '')
    if (line === '' || line.startsWith('#')) continue
    const equals = line.indexOf('=')
    if (equals < 0) fail(index + 1, "missing '='")
    const name = line.slice(0, equals)
    if (name.trimEnd() === '') fail(index + 1, 'empty variable name')
    if (/[ \t]$/.test(name)) fail(index + 1, "whitespace before '=' is not allowed")
    let rest = line.slice(equals + 1)
    if (/^[ \t]/.test(rest)) {
      if (name === key) return ''
      continue
    }
    if (!rest.startsWith("'")) fail(index + 1, 'value must be enclosed in single quotes')
    rest = rest.slice(1)
    const first = index + 1
    let value = ''
    while (!rest.includes("'")) {
      value += `${rest}\n`
      index++
      const next = lines[index]
      if (next === undefined) {
        throw new Error(
          `invalid environment variable format starting at line ${first}: unclosed single quote`,
        )
      }
      rest = next
    }
    const close = rest.indexOf("'")
    const after = rest.slice(close + 1).replace(/^[ \t]+/, '')
    if (after !== '' && !after.startsWith('#')) fail(index + 1, 'unexpected content after closing quote')
    if (name === key) return value + rest.slice(0, close)
  }
  return ''
}
