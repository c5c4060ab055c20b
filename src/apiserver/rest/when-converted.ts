import type { MaybePromise } from '../authenticator.ts'

/** Thrown where an object is needed at once in a version that only a webhook can make of it. */
export class ConversionNeeded extends Error {
  override readonly name = 'ConversionNeeded'
  /** Asks for it; once that has resolved, the same computation finds it. */
  readonly convert: () => Promise<void>

  constructor(convert: () => Promise<void>) {
    super('an object has to be converted first')
    this.convert = convert
  }
}

/** Of one computation; field management needs a few for each version that managers wrote in. */
const maxConversions = 100

/** What `compute` gives, computed anew after each conversion that it turns out to need. */
export function whenConverted<T>(compute: () => MaybePromise<T>): MaybePromise<T> {
  try {
    const computed = compute()
    return computed instanceof Promise ? computed.catch((error) => convertFor(compute, error)) : computed
  } catch (error) {
    return convertFor(compute, error)
  }
}

async function convertFor<T>(compute: () => MaybePromise<T>, first: unknown): Promise<T> {
  let error = first
  for (let count = 1; error instanceof ConversionNeeded && count <= maxConversions; count++) {
    await error.convert()
    try {
      return await compute()
    } catch (next) {
      error = next
    }
  }
  throw error
}
