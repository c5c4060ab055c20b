import type { Counter, Metrics } from '../../base/metrics.ts'

/** How tokens of service accounts are used, under upstream's names. */
export class AccountTokenMetrics {
  readonly valid: Counter
  readonly stale: Counter
  readonly legacy: Counter
  readonly legacyManual: Counter
  readonly legacyAuto: Counter
  readonly invalidLegacyAuto: Counter

  constructor(metrics: Metrics) {
    const counter = (name: string, help: string): Counter =>
      metrics.counter({ name: `serviceaccount_${name}_total`, help: `Cumulative ${help} used` })
    this.valid = counter('valid_tokens', 'valid projected service account tokens')
    this.stale = counter('stale_tokens', 'stale projected service account tokens')
    this.legacy = counter('legacy_tokens', 'legacy service account tokens')
    this.legacyManual = counter('legacy_manual_token_uses', 'manually created legacy tokens')
    this.legacyAuto = counter('legacy_auto_token_uses', 'auto-generated legacy tokens')
    this.invalidLegacyAuto = counter('invalid_legacy_auto_token_uses', 'invalid auto-generated legacy tokens')
  }
}
