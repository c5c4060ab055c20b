/** `SIGRTMIN+3` as the runtime interface calls it: `SIGRTMINPLUS3`; other signals are called the same. */
export const runtimeSignal = (signal: string): string => signal.replace('+', 'PLUS').replace('-', 'MINUS')

/** The signal as the API has it; undefined where the runtime does not say. */
export function apiSignal(signal: string | undefined): string | undefined {
  if (signal === undefined || signal === '' || signal === 'RUNTIME_DEFAULT') return undefined
  return signal.replace('PLUS', '+').replace('MINUS', '-')
}
