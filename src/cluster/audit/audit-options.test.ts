import { expect, test } from 'vitest'
import { FlagError, parseFlags } from '../components/flags/parse-flags.ts'
import { auditFlags } from './audit-flags.ts'
import { auditOptions } from './audit-options.ts'

function optionsOf(...args: readonly string[]) {
  const parsed = parseFlags('kube-apiserver', auditFlags, ['--audit-policy-file=p', ...args])
  if (parsed.type !== 'run') throw new Error(parsed.type)
  return auditOptions(parsed.values)
}

test("auditOptions() has upstream's defaults", () => {
  const options = optionsOf('--audit-log-path=-', '--audit-webhook-config-file=w')
  const truncate = undefined
  expect(options).toEqual({
    policyFile: 'p',
    log: {
      ...{
        path: '-',
        format: 'json',
        maxAgeDays: 366,
        maxBackups: 100,
        maxBytes: 100 * 2 ** 20,
        compress: false,
      },
      delivery: { mode: 'blocking', truncate, batch: { bufferSize: 10_000, maxBatchSize: 1, maxWaitMs: 0 } },
    },
    webhook: {
      ...{ file: 'w', initialBackoffMs: 10_000 },
      delivery: {
        ...{ mode: 'batch', truncate },
        batch: { bufferSize: 10_000, maxBatchSize: 400, maxWaitMs: 30_000, throttle: { qps: 10, burst: 15 } },
      },
    },
  })
  expect(optionsOf()).toEqual({ policyFile: 'p', log: undefined, webhook: undefined })
})

const rows: readonly [string, string][] = [
  ['--audit-log-format=xml', 'invalid audit log format xml, allowed formats are "legacy,json"'],
  [
    '--audit-log-mode=never',
    'invalid audit log mode never, allowed modes are "batch,blocking,blocking-strict"',
  ],
  ['--audit-log-maxsize=-1', "--audit-log-maxsize -1 can't be a negative number"],
  [
    '--audit-webhook-batch-throttle-qps=0',
    'invalid audit batch webhook throttle QPS 0, must be a positive number',
  ],
  [
    '--audit-log-truncate-max-batch-size=1',
    'invalid audit truncate log max batch size 1, must be greater than max event size (102400)',
  ],
]
for (const [arg, message] of rows)
  test(`auditOptions() refuses ${arg}`, () => {
    const args = ['--audit-log-path=-', '--audit-webhook-config-file=w', arg]
    expect(() => optionsOf(...args)).toThrow(new FlagError(message))
  })
