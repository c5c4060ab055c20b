import { compare, parse, type SemVer } from 'semver'
import { oldestEmulationVersion } from '../../api/coordination/lease-strategy.ts'
import type { coordination } from '../../api/generated/types/index.ts'
import { formatMicroTime, timeMs } from '../../apimachinery/time.ts'

type Candidate = coordination.v1beta1.LeaseCandidate
type Spec = coordination.v1.LeaseSpec

/** For how long candidates have time to answer, and an answer counts. */
export const electionMs = 5_000
/** A candidate that has given no sign of life for that long is none; half of it, and all are asked again. */
export const candidateLifeMs = 30 * 60_000
/** What a new leader has until its own first renewal. */
const firstTermSeconds = 5

/** The next step of an election, worked out anew each time from the lease and its candidates (KEP-4355). */
export type ElectionStep =
  | { readonly type: 'none' }
  /** These are to be asked whether they are there. */
  | { readonly type: 'ping'; readonly candidates: readonly Candidate[] }
  /** Some have been asked and may still answer, or it is not to be decided; `why` where that is not in order. */
  | { readonly type: 'wait'; readonly why?: string }
  | { readonly type: 'elect'; readonly spec: Spec }

const time = (text: string | null | undefined): number => (text ? timeMs(text) : Number.NEGATIVE_INFINITY)

export const isCandidateExpired = ({ spec }: Candidate, nowMs: number): boolean =>
  time(spec?.renewTime) + candidateLifeMs < nowMs

function isLeaseExpired({ renewTime, leaseDurationSeconds }: Spec, nowMs: number): boolean {
  if (renewTime === undefined || leaseDurationSeconds === undefined) return true
  return timeMs(renewTime) + leaseDurationSeconds * 1_000 < nowMs
}

const zero = '0.0.0'
const versionOf = (text: string | undefined): SemVer | undefined => parse(text) ?? undefined
const binaryOf = ({ spec }: Candidate): SemVer | string => versionOf(spec?.binaryVersion) ?? zero

/** The one of the oldest emulation, then of the oldest program, then the oldest. */
function oldest(candidates: readonly Candidate[]): Candidate | undefined {
  const valid = candidates.filter(
    ({ spec }) =>
      versionOf(spec?.emulationVersion) !== undefined && versionOf(spec?.binaryVersion) !== undefined,
  )
  const before = (a: Candidate, b: Candidate): number =>
    compare(a.spec?.emulationVersion ?? zero, b.spec?.emulationVersion ?? zero) ||
    compare(binaryOf(a), binaryOf(b)) ||
    time(a.metadata?.creationTimestamp) - time(b.metadata?.creationTimestamp)
  return valid.toSorted(before)[0]
}

/** What the newest programs among the candidates want; a text where they disagree. */
function strategyOf(candidates: readonly Candidate[]): { readonly strategy: string } | string {
  let [best] = candidates
  if (best === undefined) return 'no candidates'
  for (const candidate of candidates.slice(1)) {
    const order = compare(binaryOf(candidate), binaryOf(best))
    const [wanted, known] = [candidate.spec?.strategy, best.spec?.strategy]
    if (order === 0 && wanted !== known)
      return `candidates "${best.metadata?.name}", "${candidate.metadata?.name}" at same binary version but received differing strategies ${known}, ${wanted}`
    if (order > 0) best = candidate
  }
  return { strategy: best.spec?.strategy ?? '' }
}

/** Undefined: an election is needed. */
function whyNoElection(
  lease: Spec | undefined,
  candidates: readonly Candidate[],
  nowMs: number,
): ElectionStep | undefined {
  if (lease === undefined || isLeaseExpired(lease, nowMs) || !lease.holderIdentity) return undefined
  if (candidates.some(({ spec }) => time(spec?.renewTime) + candidateLifeMs / 2 < nowMs)) return undefined
  const wanted = strategyOf(candidates)
  if (typeof wanted === 'string') return { type: 'wait', why: wanted }
  if (wanted.strategy !== oldestEmulationVersion) return { type: 'wait' }
  const electee = oldest(candidates)
  return electee === undefined || electee.metadata?.name === lease.holderIdentity
    ? { type: 'wait' }
    : undefined
}

/** Of those that have not just given a sign of life: who is still being waited for, and who is to be asked. */
function ask(candidates: readonly Candidate[], nowMs: number): ElectionStep | undefined {
  const pinged: Candidate[] = []
  let isWaiting = false
  for (const candidate of candidates) {
    const [pingMs, renewMs] = [time(candidate.spec?.pingTime), time(candidate.spec?.renewTime)]
    if (pingMs + electionMs > nowMs && renewMs < pingMs) isWaiting = true
    else if (renewMs + electionMs > nowMs) continue
    // Who has not answered the last time is not asked again, until it gives a sign of life of its own.
    else if (pingMs === Number.NEGATIVE_INFINITY || (pingMs + electionMs < nowMs && renewMs >= pingMs))
      pinged.push(candidate)
  }
  if (pinged.length > 0) return { type: 'ping', candidates: pinged }
  return isWaiting ? { type: 'wait' } : undefined
}

/** The lease as it becomes; nobody who leads is deposed: the preferred holder waits until the term has ended. */
function elected(lease: Spec | undefined, strategy: string, holder: string | undefined, nowMs: number): Spec {
  const renewTime = formatMicroTime(nowMs)
  const term = { renewTime, leaseDurationSeconds: firstTermSeconds }
  if (lease === undefined)
    return { strategy, ...term, ...(holder === undefined ? {} : { holderIdentity: holder }) }
  const kept = { ...lease, strategy }
  if (holder === undefined || lease.holderIdentity === holder) return kept
  if (!lease.holderIdentity || isLeaseExpired(lease, nowMs)) {
    const { preferredHolder: _preferred, acquireTime: _acquired, ...rest } = kept
    return { ...rest, ...term, holderIdentity: holder }
  }
  return { ...kept, preferredHolder: holder }
}

/** `lease` is absent where there is none yet; `all` are the lease's candidates, also the dead ones. */
export function planElection(
  lease: Spec | undefined,
  all: readonly Candidate[],
  nowMs: number,
): ElectionStep {
  const candidates = all.filter((candidate) => !isCandidateExpired(candidate, nowMs))
  if (candidates.length === 0) return { type: 'none' }
  const early = whyNoElection(lease, candidates, nowMs) ?? ask(candidates, nowMs)
  if (early !== undefined) return early
  const answered = candidates.filter(({ spec }) => time(spec?.renewTime) + electionMs > nowMs)
  if (answered.length === 0) return { type: 'wait', why: 'no available candidates' }
  const wanted = strategyOf(answered)
  if (typeof wanted === 'string') return { type: 'wait', why: wanted }
  const { strategy } = wanted
  const holder = strategy === oldestEmulationVersion ? oldest(answered)?.metadata?.name : undefined
  return { type: 'elect', spec: elected(lease, strategy, holder, nowMs) }
}
