// Tries many seeds: `npm run simulate [-- [scheduling] COUNT [FIRST]]`. A seed that fails is told with its whole history;
// one seed again: `npm run simulate -- 1 SEED`. `npm run simulate -- placement [SEED]` prints what the optional plugins of
// the scheduler bring.
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { printEffects } from './placement/print-effects.ts'
import { simulateScheduling } from './scheduling/simulate-scheduling.ts'
import { simulate } from './support/storm/simulate.ts'

const kinds = process.argv[2] === 'scheduling' ? ['scheduling'] : []
const run = kinds.length > 0 ? simulateScheduling : simulate
const [count = 1_000, first = 1] = process.argv.slice(2 + kinds.length).map(Number)
const isWorker = process.send !== undefined

interface Told {
  readonly seed: number
  readonly wrong: readonly string[]
  readonly history: readonly string[]
}

/** Seeds come as messages, one after another. */
function work(): void {
  process.on('message', async (seed: number) => {
    const { wrong, history } = await run(seed)
    process.send?.({ seed, wrong, history: wrong.length > 0 ? history : [] })
  })
}

function tell({ seed, wrong, history }: Told, done: number): void {
  if (wrong.length > 0)
    console.log([...history, `seed ${seed}:`, ...wrong.map((what) => `  ${what}`)].join('\n'))
  else if (done % 50 === 0) console.log(`${done} of ${count} seeds`)
}

async function lead(): Promise<number> {
  let [next, done, failed] = [first, 0, 0]
  const runWorker = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(import.meta.filename, kinds)
      const go = (): void => {
        if (next < first + count) child.send(next++)
        else child.disconnect()
      }
      child.on('message', (told: Told) => {
        if (told.wrong.length > 0) failed++
        tell(told, ++done)
        go()
      })
      child.once('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`)),
      )
      go()
    })
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), count) }, runWorker))
  console.log(`${done - failed} of ${count} seeds are well, ${failed} are not`)
  return failed
}

if (isWorker) work()
else if (process.argv[2] === 'placement') await printEffects(Number(process.argv[3] ?? 1))
else process.exitCode = (await lead()) > 0 ? 1 : 0
