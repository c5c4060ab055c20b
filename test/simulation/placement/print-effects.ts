// What the optional plugins bring: `npm run simulate -- placement [SEED]` prints it for one seed.
import { effectLines, measurements } from './effects.ts'

export async function printEffects(seed: number): Promise<void> {
  const effects = []
  for (const measure of measurements) effects.push(await measure(seed))
  console.log(effectLines(effects).join('\n'))
}
