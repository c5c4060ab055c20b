import type { resource } from '../generated/types/index.ts'

type Slice = resource.v1.ResourceSlice

/** Names a pool of devices: `driver/pool`. */
export const poolKey = (driver: string, pool: string): string => `${driver}/${pool}`

export const poolOf = ({ spec }: Slice): string => poolKey(spec.driver, spec.pool.name)

/** The slices of a pool that count: those of its newest generation. */
export function currentSlices(slices: readonly Slice[]): readonly Slice[] {
  const newest = Math.max(...slices.map(({ spec }) => spec.pool.generation))
  return slices.filter(({ spec }) => spec.pool.generation === newest)
}
