import { describe } from 'vitest'
import type { MakeStorage } from './testing/fixture.ts'
import { describeKeeping } from './testing/keeping.ts'
import { describeModel } from './testing/model.ts'
import { describeReadsAndWrites } from './testing/reads-and-writes.ts'
import { describeWatching } from './testing/watching.ts'

export type { MakeStorage, OpenOptions, StorageUnderTest } from './testing/fixture.ts'

export interface ConformanceOptions {
  /** How many random sequences of calls are compared with the twin. */
  readonly modelRuns: number
}

/** The one suite that every implementation of Storage passes; `make` gives an empty place for each test. */
export function describeStorage(name: string, make: MakeStorage, options: ConformanceOptions): void {
  describe(name, () => {
    describeReadsAndWrites(make)
    describeWatching(make)
    describeKeeping(make)
    describeModel(make, options.modelRuns)
  })
}
