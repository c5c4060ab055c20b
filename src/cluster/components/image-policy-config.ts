import { goDurationText } from '../../apimachinery/go-duration.ts'
import type { ImagePolicy } from '../../apiserver/admission/image-policy-webhook/image-policy-webhook.ts'
import { HttpsCaller } from '../../apiserver/http/https-caller.ts'
import { messageOf } from '../../base/message-of.ts'
import { type KubeconfigContext, loadKubeconfig } from '../../client/https/kubeconfig.ts'
import { booleanOf, type Fields, numberOf, textOf } from './config-fields.ts'
import { FlagError } from './flags/parse-flags.ts'

interface Range {
  readonly unitMs: number
  readonly minMs: number
  readonly maxMs: number
  /** In Go's words. */
  readonly limits: string
  readonly defaultMs: number
}

const minuteMs = 60_000
const life = { unitMs: 1000, minMs: 1000, maxMs: 30 * minuteMs, limits: '1s and 30m0s' }
const ranges: Readonly<Record<'allowTTL' | 'denyTTL' | 'retryBackoff', Range>> = {
  allowTTL: { ...life, defaultMs: 5 * minuteMs },
  denyTTL: { ...life, defaultMs: 30_000 },
  retryBackoff: { unitMs: 1, minMs: 1e-6, maxMs: 5 * minuteMs, limits: '1ns and 5m0s', defaultMs: 500 },
}

/** 0: upstream's default, -1: off. */
function lengthOf(fields: Fields, name: keyof typeof ranges): number {
  const { unitMs, minMs, maxMs, limits, defaultMs } = ranges[name]
  const given = numberOf(fields, name) ?? 0
  if (given === -1) return 0
  if (given === 0) return defaultMs
  const ms = given * unitMs
  if (ms < minMs || ms > maxMs)
    throw new FlagError(`${name}: valid value is between ${limits}, got ${goDurationText(ms)}`)
  return ms
}

function kubeconfigOf(fields: Fields): KubeconfigContext {
  const file = textOf(fields, 'kubeConfigFile') ?? ''
  try {
    return loadKubeconfig(file)
  } catch (error) {
    throw new FlagError(`ImagePolicyWebhook: kubeConfigFile: ${messageOf(error)}`, { cause: error })
  }
}

/** What is under `imagePolicy` in ImagePolicyWebhook's configuration. Throws FlagError. */
export function imagePolicyConfig(fields: Fields): ImagePolicy {
  const { server: url, namespace: _namespace, ...trust } = kubeconfigOf(fields)
  return {
    url,
    caller: new HttpsCaller(trust),
    allowedLifeMs: lengthOf(fields, 'allowTTL'),
    deniedLifeMs: lengthOf(fields, 'denyTTL'),
    firstDelayMs: lengthOf(fields, 'retryBackoff'),
    defaultAllow: booleanOf(fields, 'defaultAllow') ?? false,
  }
}
