import { join } from 'node:path'
import { processStartTicks } from '../process-identity.ts'
import { claimState } from '../state-file.ts'

/**
 * Run as `node claimer.ts DIRECTORY ROUNDS`: says `ready`, and once told to, claims `0.json`, `1.json` … as fast as it
 * can, says which it got, and lives on until it is killed, so that they stay its own.
 */
const [directory = '', rounds = '0'] = process.argv.slice(2)
const self = { pid: process.pid, startTicks: processStartTicks(process.pid) ?? 0 }

process.on('message', () => {
  const files = Array.from({ length: Number(rounds) }, (_, round) => `${round}.json`)
  process.send?.(files.filter((file) => claimState(join(directory, file), self) === undefined))
})
process.send?.('ready')
