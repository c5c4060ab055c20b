import { goQuote } from '../../apimachinery/go-text.ts'

/** Why a server does not start, where a plugin cannot be made from what it is told. */
export const pluginProblem = (plugin: string, why: string): string =>
  `failed to apply admission: couldn't init admission plugin ${goQuote(plugin)}: ${why}`
