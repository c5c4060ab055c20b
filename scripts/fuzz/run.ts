import { parseArgs } from 'node:util'
import { type FuzzResult, fuzz } from './fuzz.ts'
import { targets } from './targets.ts'

/** An input of 16 KiB that takes longer than this keeps a server from its other clients. */
const hangMs = 2000
/** What a target may leave behind: the caches of its regular expressions and shapes, not what it was given. */
const maxGrowthBytes = 64 * 2 ** 20

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})

const heapBytes = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

function tell(
  name: string,
  { inputs, slowestMs, slowest }: FuzzResult,
  tookMs: number,
  grownBytes: number,
): void {
  const rate = Math.round((inputs * 1000) / tookMs)
  const grown = (grownBytes / 2 ** 20).toFixed(1)
  console.log(
    `${name.padEnd(22)} ${String(inputs).padStart(8)} inputs ${String(rate).padStart(7)}/s  slowest ${slowestMs.toFixed(1)} ms  grown ${grown} MiB`,
  )
  if (slowestMs > hangMs) throw new Error(`${name} hangs on ${Buffer.from(slowest).toString('base64')}`)
  if (grownBytes > maxGrowthBytes) throw new Error(`${name} keeps what it was given`)
}

const chosen = targets.filter(({ name }) => values.only === undefined || name === values.only)
const each = Math.ceil(Number(values.inputs) / chosen.length)
for (const target of chosen) {
  fuzz(target, 1000, 0) // what is made on first use is no growth
  const before = heapBytes()
  const startMs = performance.now()
  const result = fuzz(target, each, Number(values.seed))
  tell(target.name, result, performance.now() - startMs, heapBytes() - before)
}
