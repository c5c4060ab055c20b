import { labMissing } from '../../src/base/host/testing/network-lab.ts'
import type { Report } from '../report.ts'
import { type BenchOptions, type Scenario, wants } from '../scenario.ts'
import { dnsRate } from './network/dns-rate.ts'
import { policyRates } from './network/policy-rates.ts'

/** What the network of a node costs: connections under policies, in namespaces of their own; answers of DNS. */
export const network: Scenario = {
  name: 'network',
  parts: ['policy', 'dns'],
  async run(options: BenchOptions, report: Report): Promise<void> {
    if (wants(options, 'policy')) {
      const missing = labMissing('nft')
      if (missing === undefined) await policyRates(report)
      else report.note(`policies are not measured: ${missing}`)
    }
    if (wants(options, 'dns')) await dnsRate(report)
  },
}
