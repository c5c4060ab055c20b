import type { Logger } from '../../../base/logger.ts'
import type { CallConditions } from './should-call.ts'
import type { WebhookSourceOptions } from './webhook-source.ts'

/** What both webhook plugins are made from. */
export interface WebhookPluginOptions extends WebhookSourceOptions, CallConditions {
  readonly logger: Logger
}
