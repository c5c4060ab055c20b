import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonText } from '../../base/json-text.ts'
import { RecordedEntry, type StageFields } from './recorded-entry.ts'

const texts = fc.string({ unit: 'grapheme', maxLength: 8 })
const user = fc.record({ username: texts, groups: fc.array(texts, { maxLength: 2 }) })
const quoted = <T>(value: fc.Arbitrary<T>) => value.map((each) => ({ value: each, json: jsonText(each) }))
const request = fc.record({
  level: fc.constantFrom('Metadata', 'RequestResponse'),
  ...{ auditID: texts, requestURI: texts, verb: texts, userAgent: texts, received: fc.constant('then') },
  user: quoted(user),
  sourceIPs: quoted(fc.array(texts, { maxLength: 2 })),
})
const status = fc.oneof(
  fc.record({ metadata: fc.constant({}), code: fc.nat() }),
  fc.record({
    metadata: fc.constant({}),
    status: texts,
    message: texts,
    details: fc.object(),
    code: fc.nat(),
  }),
)
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const impersonation = fc.oneof(
  fc.constant({ impersonated: undefined, constraint: '' }),
  fc.record({ impersonated: user, constraint: fc.constantFrom('', 'impersonate:user-info') }),
)
const stage: fc.Arbitrary<StageFields> = fc
  .record({
    stage: fc.constantFrom('RequestReceived', 'ResponseComplete'),
    object: optional(
      fc.record({ resource: texts, name: texts, apiGroup: texts, subresource: texts, uid: texts }),
    ),
    status: optional(status),
    sent: optional(
      fc.oneof(
        fc.object(),
        fc.bigInt().map((spec) => ({ spec })),
      ),
    ),
    answer: optional(fc.object()),
    time: fc.constant('now'),
    annotations: fc.uniqueArray(
      fc.tuple(
        texts.map((key) => `k8s.io/${key}`),
        texts,
      ),
      {
        selector: ([key]) => key,
        maxLength: 3,
      },
    ),
  })
  .chain((fields) => impersonation.map((impersonated) => ({ ...fields, ...impersonated })))

test("RecordedEntry's JSON is that of its event", () => {
  fc.assert(
    fc.property(request, stage, (fields, atStage) => {
      const entry = new RecordedEntry(fields, atStage)
      expect(entry.json).toBe(jsonText(entry.event))
    }),
  )
})
