import type { ObjectMeta } from '../../../apimachinery/meta.ts'
import { baselineChecks } from './baseline-checks.ts'
import type { Check, CheckPod, CheckVersion, PodSpec, Violation } from './check.ts'
import { type LevelVersion, minorOf } from './policy.ts'
import { restrictedChecks } from './restricted-checks.ts'

/** The newest version in which a check says something else than before: later ones are the same. */
const newest = Math.max(
  ...[...baselineChecks, ...restrictedChecks].flatMap(({ versions }) => versions.map(({ from }) => from)),
)

const asOf = (minor: number, { versions }: Check): CheckVersion | undefined =>
  versions.findLast(({ from }) => from <= minor)

/** The checks of a level as of a version, in the order in which they are reported. */
function checksOf(level: 'baseline' | 'restricted', minor: number): readonly CheckPod[] {
  const own = level === 'baseline' ? [] : restrictedChecks.map((check) => asOf(minor, check))
  const overridden = new Set(own.flatMap((version) => version?.overrides ?? []))
  const base = baselineChecks.filter(({ id }) => !overridden.has(id)).map((check) => asOf(minor, check))
  return [...base, ...own].flatMap((version) => (version === undefined ? [] : [version.check]))
}

/** What a pod does that its level does not allow. */
export class Violations {
  readonly #all: readonly Violation[]

  constructor(all: readonly Violation[]) {
    this.#all = all
  }

  get none(): boolean {
    return this.#all.length === 0
  }

  /** `host namespaces, hostPort` */
  get reasons(): string {
    return this.#all.map(({ reason }) => reason).join(', ')
  }

  /** `host namespaces (hostNetwork=true), hostPort (container "a" uses hostPort 80)` */
  get details(): string {
    return this.#all.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')
  }
}

const nothing = new Violations([])

/** Judges pods by levels and versions; what a version asks for is worked out once. */
export class PodEvaluator {
  readonly #checks = new Map<string, readonly CheckPod[]>()

  evaluate({ level, version }: LevelVersion, spec: PodSpec, metadata: ObjectMeta): Violations {
    if (level === 'privileged') return nothing
    const minor = Math.min(minorOf(version), newest)
    const key = `${level} ${minor}`
    const checks = this.#checks.get(key) ?? checksOf(level, minor)
    this.#checks.set(key, checks)
    const violations: Violation[] = []
    for (const check of checks) {
      const violation = check(spec, metadata)
      if (violation !== undefined) violations.push(violation)
    }
    return violations.length === 0 ? nothing : new Violations(violations)
  }
}
