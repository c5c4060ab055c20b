import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endpointKey } from '../../api/discovery/endpoint-slice/slice-parts.ts'
import { type ArrangeOptions, arrangeEndpoints } from './arrange-endpoints.ts'
import type { Endpoint, Slice } from './slice-changes.ts'

const options: ArrangeOptions = { maxPerSlice: 5, isRelabelled: () => false, relabel: (slice) => slice }

const endpoint = (number: number, ready: boolean): Endpoint => ({
  addresses: [`10.0.0.${number}`],
  conditions: { ready },
})

const endpoints = fc
  .uniqueArray(fc.tuple(fc.nat({ max: 40 }), fc.boolean()), { selector: ([number]) => number })
  .map((pairs) => pairs.map(([number, ready]) => endpoint(number, ready)))

/** Slices as arrangeEndpoints() itself might have left them, and some with doubles. */
const slices = fc
  .array(
    endpoints.map((all) => all.slice(0, options.maxPerSlice)),
    { maxLength: 8 },
  )
  .map((lists) =>
    lists.map(
      (list, index): Slice => ({
        metadata: { name: `s${index}` },
        addressType: 'IPv4',
        endpoints: list,
      }),
    ),
  )

const asText = (list: readonly Endpoint[] | undefined): string => JSON.stringify(list)

test('arrangeEndpoints() ends with each endpoint once, in slices that are not too big, changing only what it must', () => {
  fc.assert(
    fc.property(slices, endpoints, (before, list) => {
      const wanted = new Map(list.map((one) => [endpointKey(one), one]))
      const { create, update, remove } = arrangeEndpoints(before, wanted, options)
      const gone = new Set(remove.map(({ metadata }) => metadata?.name))
      const changed = new Map(update.map((slice) => [slice.metadata?.name, slice]))
      const kept = before
        .filter(({ metadata }) => !gone.has(metadata?.name))
        .map((slice) => changed.get(slice.metadata?.name) ?? slice)
      const after = [...kept.map((slice) => slice.endpoints ?? []), ...create]
      expect(after.flat().map(endpointKey).sort()).toEqual([...wanted.keys()].sort())
      expect(
        after.flat().every((one) => asText([one]) === asText([wanted.get(endpointKey(one)) ?? one])),
      ).toBe(true)
      for (const one of after) expect(one.length).toBeLessThanOrEqual(options.maxPerSlice)
      for (const slice of update) {
        const old = before.find(({ metadata }) => metadata?.name === slice.metadata?.name)
        expect(asText(slice.endpoints ?? [])).not.toBe(asText(old?.endpoints ?? []))
      }
      // Nothing is left to do.
      const stored = create.map(
        (one, index): Slice => ({
          metadata: { name: `new${index}` },
          addressType: 'IPv4',
          endpoints: one,
        }),
      )
      const again = arrangeEndpoints([...kept, ...stored], wanted, options)
      expect([again.create, again.update, again.remove]).toEqual([[], [], []])
    }),
  )
})
