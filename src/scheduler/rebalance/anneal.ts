import type { IsingEnergy } from './ising-energy.ts'

export interface AnnealOptions {
  readonly spins: number
  readonly sites: number
  /** Whether the spin's pod could ever be there. */
  readonly allows: (spin: number, site: number) => boolean
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Tries for each spin. */
  readonly sweeps?: number
}

/** More tries than this are not made, whatever the number of spins. */
const maxTries = 1_000_000
const samples = 200
/** The last temperature, as a part of the first. */
const coldest = 1e-4

/**
 * Simulated annealing (Kirkpatrick, Gelatt, Vecchi 1983): moves of single pods are taken where they lower the energy, and
 * with the probability e^(-Δ/T) where they raise it, while T falls from the size of a typical move to nearly nothing. The
 * energy is left in the best state that was seen.
 */
export function anneal(energy: IsingEnergy, options: AnnealOptions): void {
  const { spins, sites, allows, random, sweeps = 200 } = options
  if (spins === 0 || sites < 2) return
  const below = (limit: number): number => Math.trunc(random() * limit)
  const propose = (): readonly [spin: number, site: number, delta: number] | undefined => {
    const [spin, site] = [below(spins), below(sites)]
    const possible = energy.siteOf(spin) !== site && energy.fits(spin, site) && allows(spin, site)
    return possible ? [spin, site, energy.delta(spin, site)] : undefined
  }
  let [sum, seen] = [0, 0]
  for (let sample = 0; sample < samples; sample++) {
    const proposal = propose()
    if (proposal === undefined) continue
    sum += Math.abs(proposal[2])
    seen++
  }
  if (sum === 0) return
  const tries = Math.min(maxTries, spins * sweeps)
  const cooling = coldest ** (1 / tries)
  let temperature = sum / seen
  let [current, best] = [0, 0]
  /** What has been moved since the best state, latest last. */
  let since: [spin: number, from: number][] = []
  for (let step = 0; step < tries; step++, temperature *= cooling) {
    const proposal = propose()
    if (proposal === undefined) continue
    const [spin, site, delta] = proposal
    if (delta > 0 && random() >= Math.exp(-delta / temperature)) continue
    since.push([spin, energy.siteOf(spin)])
    energy.move(spin, site)
    current += delta
    if (current >= best) continue
    best = current
    since = []
  }
  for (const [spin, from] of since.reverse()) energy.move(spin, from)
}
