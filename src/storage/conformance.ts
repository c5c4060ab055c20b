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
  /**
   * The store is a process beside this one: it orders commits that are under way together as it likes, gives none
   * that changes nothing a revision, and keeps time and its quota itself.
   */
  readonly remote?: boolean
}

/** The one suite that every implementation of Storage passes; `make` gives an empty place for each test. */
export function describeStorage(name: string, make: MakeStorage, options: ConformanceOptions): void {
  describe(name, () => {
    const { modelRuns, remote = false } = options
    describeReadsAndWrites(make, remote)
    describeWatching(make)
    describeKeeping(make, remote)
    describeModel(make, modelRuns, remote)
  })
}
