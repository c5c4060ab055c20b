/** What a command would have done, had it run. */
export interface ScriptResult {
  readonly output: readonly string[]
  readonly errors: readonly string[]
  readonly durationMs: number
  /** It never ends by itself. */
  readonly forever: boolean
  readonly exitCode: number
  readonly terminationMessage: string
}

interface State {
  readonly output: string[]
  readonly errors: string[]
  durationMs: number
  forever: boolean
  exitCode: number
  exited: boolean
  terminationMessage: string
}

const terminationLog = '/dev/termination-log'

/**
 * Runs a command of the few that the simulation knows: `true`, `false`, `sleep`, `echo`, `exit`, `printenv`,
 * `hostname`, and `sh -c` with several of them joined by `;` and `&&`. Undefined for any other: a program that
 * is not simulated.
 */
export function runScript(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ScriptResult | undefined {
  const state: State = {
    output: [],
    errors: [],
    durationMs: 0,
    forever: false,
    exitCode: 0,
    exited: false,
    terminationMessage: '',
  }
  const known = isShell(command)
    ? runShell(command[2] ?? '', environment, state)
    : step(command, environment, state)
  return known ? state : undefined
}

const isShell = (command: readonly string[]): boolean =>
  /^(\/bin\/)?(ba|a)?sh$/.test(command[0] ?? '') && command[1] === '-c' && command.length >= 3

function runShell(script: string, environment: Readonly<Record<string, string>>, state: State): boolean {
  const expanded = script.replace(/\$\{?(\w+)\}?/g, (_, name: string) => environment[name] ?? '')
  for (const clause of expanded.split(/[;\n]/)) {
    for (const part of clause.split('&&')) {
      const words = splitWords(part)
      if (words.length === 0) continue
      if (!step(words, environment, state)) return false
      if (state.exited || state.forever) return true
      if (state.exitCode !== 0) break
    }
  }
  return true
}

const splitWords = (text: string): readonly string[] =>
  [...text.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')

/** Runs one command; false when it is not known. */
function step(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  state: State,
): boolean {
  const [path = '', ...rest] = words
  const redirected = rest.indexOf('>')
  const operands = redirected < 0 ? rest : rest.slice(0, redirected)
  state.exitCode = 0
  switch (path.replace(/^(\/usr)?\/bin\//, '')) {
    case 'true':
    case ':':
      return true
    case 'false':
      state.exitCode = 1
      return true
    case 'exit':
      state.exitCode = Number(operands[0] ?? 0) & 255
      state.exited = true
      return true
    case 'sleep':
      return sleep(operands[0] ?? '', state)
    case 'hostname':
      state.output.push(environment.HOSTNAME ?? '')
      return true
    case 'printenv':
      return printEnvironment(operands[0], environment, state)
    case 'echo': {
      const text = operands.filter((word, index) => index > 0 || word !== '-n').join(' ')
      if (redirected >= 0 && rest[redirected + 1] === terminationLog) state.terminationMessage += text
      else if (redirected < 0) state.output.push(text)
      return true
    }
    default:
      return false
  }
}

function sleep(amount: string, state: State): boolean {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(amount)
  if (match === null) {
    state.forever = amount === 'infinity' || amount === 'inf'
    return state.forever
  }
  const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] || 's'] ?? 1000
  state.durationMs += Number(match[1]) * unitMs
  return true
}

function printEnvironment(
  name: string | undefined,
  environment: Readonly<Record<string, string>>,
  state: State,
): boolean {
  if (name === undefined) {
    state.output.push(...Object.entries(environment).map(([key, value]) => `${key}=${value}`))
  } else if (environment[name] === undefined) state.exitCode = 1
  else state.output.push(environment[name])
  return true
}
