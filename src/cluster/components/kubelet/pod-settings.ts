import { featureGates } from '../../../api/feature-gates.ts'
import type { Features } from '../../../apimachinery/feature-gates.ts'
import { defined } from '../../../base/defined.ts'
import type { ImagePolicy } from '../../../kubelet/images/image-collector.ts'
import {
  bareImageName,
  type PullVerification,
  usualVerification,
} from '../../../kubelet/images/pull-records.ts'
import { type BackOffLimits, usualBackOff } from '../../../kubelet/pod/back-off.ts'
import type { PodTuning } from '../../../kubelet/pod/pod-tuning.ts'
import type { KubeletFlags } from './kubelet-flags.ts'

/** What a KubeletConfiguration says of pods and images that there is no flag for. */
export interface PodConfig {
  readonly maxParallelPulls?: number
  readonly maxImageAgeMs?: number
  readonly maxCrashLoopMs?: number
  readonly verification?: PullVerification['policy']
  readonly allowlist?: readonly string[]
}

export const verificationPolicies = [
  ...(['NeverVerify', 'NeverVerifyPreloadedImages'] as const),
  ...(['NeverVerifyAllowlistedImages', 'AlwaysVerify'] as const),
]

/** With the gate ReduceDefaultCrashLoopBackOffDecay. */
const reducedBackOff: BackOffLimits = { initialMs: 1_000, maxMs: 60_000 }

const refuse = (why: string): never => {
  throw new Error(`invalid configuration: ${why}`)
}

function crashLoopLimits(features: Features, maxMs: number | undefined): BackOffLimits {
  const limits = features.enabled('ReduceDefaultCrashLoopBackOffDecay') ? reducedBackOff : usualBackOff
  if (maxMs === undefined) return limits
  const what = 'CrashLoopBackOff.MaxContainerRestartPeriod'
  if (!features.enabled('KubeletCrashLoopBackOffMax'))
    refuse(`FeatureGate KubeletCrashLoopBackOffMax not enabled, ${what} must not be set`)
  if (maxMs < 1_000 || maxMs > 300_000)
    refuse(`${what} (got: ${maxMs / 1000} seconds) must be set between 1s and 300s`)
  return { initialMs: Math.min(limits.initialMs, maxMs), maxMs }
}

function imagePolicy(flags: KubeletFlags, maxAgeMs: number): ImagePolicy {
  const highPercent = flags['image-gc-high-threshold']
  const lowPercent = flags['image-gc-low-threshold']
  const minAgeMs = flags['minimum-image-ttl-duration']
  if (lowPercent >= highPercent) {
    const high = `imageGCHighThresholdPercent (--image-gc-high-threshold) ${highPercent}`
    refuse(`imageGCLowThresholdPercent (--image-gc-low-threshold) ${lowPercent} must be less than ${high}`)
  }
  if (minAgeMs < 0) refuse('imageMinimumGCAge must not be negative')
  if (maxAgeMs < 0) refuse('imageMaximumGCAge must not be negative')
  if (maxAgeMs > 0 && maxAgeMs <= minAgeMs)
    refuse(`imageMaximumGCAge ${maxAgeMs / 1000}s must be greater than imageMinimumGCAge ${minAgeMs / 1000}s`)
  return { highPercent, lowPercent, minAgeMs, maxAgeMs }
}

function pullVerification(features: Features, config: PodConfig): PullVerification | 'none' {
  const { verification = usualVerification.policy, allowlist = [] } = config
  if (!features.enabled('KubeletEnsureSecretPulledImages')) {
    const field =
      config.verification === undefined
        ? 'preloadedImagesVerificationAllowlist'
        : 'imagePullCredentialsVerificationPolicy'
    if (config.verification !== undefined || allowlist.length > 0)
      refuse(`\`${field}\` must not be set if KubeletEnsureSecretPulledImages feature gate is not enabled`)
    return 'none'
  }
  if (allowlist.length > 0 && verification !== 'NeverVerifyAllowlistedImages')
    refuse(
      'can\'t set `preloadedImagesVerificationAllowlist` if `imagePullCredentialsVertificationPolicy` is not "NeverVerifyAllowlistedImages"',
    )
  for (const pattern of allowlist) {
    const why = patternComplaint(pattern)
    if (why !== undefined)
      refuse(`invalid image pattern in \`preloadedImagesVerificationAllowlist\`: ${why}: ${pattern}`)
  }
  return { policy: verification, allowlist }
}

function patternComplaint(pattern: string): string | undefined {
  if (pattern !== pattern.trim()) return 'leading/trailing spaces are not allowed'
  const isWildcard = pattern.endsWith('/*')
  const name = isWildcard ? pattern.slice(0, -1) : pattern
  if (name === '') return 'the supplied pattern is too short'
  if (name.includes('*')) return "not a valid wildcard pattern, only patterns ending with '/*' are allowed"
  if (isWildcard) return name === '/' ? 'at least registry hostname is required' : undefined
  return name === bareImageName(name) ? undefined : 'neither tag nor digest is accepted in an image reference'
}

/** What flags and file say of pods and images. Throws upstream's texts. */
export function podSettings(flags: KubeletFlags, config: PodConfig): PodTuning {
  const features = featureGates(flags['feature-gates'])
  const { maxParallelPulls, maxImageAgeMs = 0, maxCrashLoopMs } = config
  if (maxParallelPulls !== undefined) {
    if (maxParallelPulls < 1) refuse(`maxParallelImagePulls ${maxParallelPulls} must be a positive number`)
    if (maxParallelPulls > 1 && flags['serialize-image-pulls'])
      refuse(
        'maxParallelImagePulls cannot be larger than 1 unless SerializeImagePulls (--serialize-image-pulls) is set to false',
      )
  }
  return {
    allowedUnsafeSysctls: flags['allowed-unsafe-sysctls'],
    seccompDefault: flags['seccomp-default'],
    crashLoop: crashLoopLimits(features, maxCrashLoopMs),
    imagePolicy: imagePolicy(flags, maxImageAgeMs),
    pullVerification: pullVerification(features, config),
    ...defined({ maxParallelPulls }),
  }
}
