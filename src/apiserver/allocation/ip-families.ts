import { familyOfIp } from '../../api/core/service/validate-cluster-ips.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'

type Service = core.v1.Service
type Spec = core.v1.ServiceSpec

export interface Families {
  /** Those that the cluster has addresses for; the first is the default. */
  readonly configured: readonly string[]
}

export interface FamiliesOutcome {
  readonly spec: Spec
  readonly errors: readonly FieldError[]
}

const otherFamily = (family: string): string => (family === 'IPv4' ? 'IPv6' : 'IPv4')
const policyField = 'spec.ipFamilyPolicy'

/** What the user did not say: an update keeps what was; selectorless headless services may have both families. */
function inferPolicy(spec: Spec, old: Spec | undefined): string {
  if (spec.ipFamilyPolicy !== undefined) return spec.ipFamilyPolicy
  if (old?.ipFamilyPolicy !== undefined) return old.ipFamilyPolicy
  const selectorless = Object.keys(spec.selector ?? {}).length === 0
  return spec.clusterIP === 'None' && selectorless ? 'RequireDualStack' : 'SingleStack'
}

/** Only a change to one family may give up the second one. */
function reduced(spec: Spec, old: Spec): readonly FieldError[] {
  const policy = spec.ipFamilyPolicy
  const errors: FieldError[] = []
  if ((old.clusterIPs?.length ?? 0) > (spec.clusterIPs?.length ?? 0) && spec.clusterIPs?.length) {
    errors.push(
      invalidValue(policyField, policy, "must be 'SingleStack' to release the secondary cluster IP"),
    )
  }
  if ((old.ipFamilies?.length ?? 0) > (spec.ipFamilies?.length ?? 0) && spec.ipFamilies?.length) {
    errors.push(invalidValue(policyField, policy, "must be 'SingleStack' to release the secondary IP family"))
  }
  return errors
}

function toSingle(spec: Spec, old: Spec): Spec {
  const dropsIp = jsonEqual(spec.clusterIPs, old.clusterIPs) && (spec.clusterIPs?.length ?? 0) > 1
  const dropsFamily = jsonEqual(spec.ipFamilies, old.ipFamilies) && (spec.ipFamilies?.length ?? 0) > 1
  return {
    ...spec,
    ...(dropsIp ? { clusterIPs: spec.clusterIPs?.slice(0, 1) ?? [] } : {}),
    ...(dropsFamily ? { ipFamilies: spec.ipFamilies?.slice(0, 1) ?? [] } : {}),
  }
}

function checkSingle(spec: Spec): readonly FieldError[] {
  const both = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
  const errors: FieldError[] = []
  if (spec.clusterIPs?.length === 2) {
    errors.push(invalidValue(policyField, spec.ipFamilyPolicy, `${both} cluster IPs are specified`))
  }
  if (spec.ipFamilies?.length === 2) {
    errors.push(invalidValue(policyField, spec.ipFamilyPolicy, `${both} IP families are specified`))
  }
  return errors
}

/** Families of addresses that the user named without naming their families. */
function inferFamilies(spec: Spec, { configured }: Families): FamiliesOutcome {
  const families = [...(spec.ipFamilies ?? [])]
  const errors: FieldError[] = []
  for (const [index, ip] of (spec.clusterIPs ?? []).entries()) {
    if (ip === 'None') break
    if (index < families.length) continue
    const family = familyOfIp(ip)
    if (configured.includes(family)) families.push(family)
    else {
      const detail = `${family} is not configured on this cluster`
      errors.push(invalidValue(`spec.clusterIPs[${index}]`, spec.clusterIPs, detail))
    }
  }
  return { spec: { ...spec, ipFamilies: families }, errors }
}

function withSecond(spec: Spec, families: readonly string[]): Spec {
  const [first = ''] = families
  const wantsBoth = spec.ipFamilyPolicy !== 'SingleStack' && families.length === 1
  return { ...spec, ipFamilies: wantsBoth ? [first, otherFamily(first)] : families }
}

function complete(spec: Spec, { configured }: Families): FamiliesOutcome {
  const [fallback = 'IPv4'] = configured
  const families = spec.ipFamilies?.length ? spec.ipFamilies : [fallback]
  const selectorless = Object.keys(spec.selector ?? {}).length === 0
  if (spec.clusterIP === 'None' && selectorless) return { spec: withSecond(spec, families), errors: [] }
  const errors: FieldError[] = []
  if (spec.ipFamilyPolicy === 'RequireDualStack' && configured.length < 2) {
    const detail = 'this cluster is not configured for dual-stack services'
    errors.push(invalidValue(policyField, spec.ipFamilyPolicy, detail))
  }
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (configured.includes(family)) continue
    errors.push(invalidValue(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'))
  }
  if (errors.length > 0) return { spec, errors }
  const done = configured.length === 2 ? withSecond(spec, families) : { ...spec, ipFamilies: families }
  return { spec: done, errors }
}

/** A service that prefers two families keeps what it has until its fields are changed. */
function keepsPreference(spec: Spec, old: Spec): boolean {
  return (
    spec.ipFamilyPolicy === 'PreferDualStack' &&
    old.ipFamilyPolicy === 'PreferDualStack' &&
    jsonEqual(spec.clusterIPs, old.clusterIPs) &&
    jsonEqual(spec.ipFamilies, old.ipFamilies)
  )
}

/** The families of a service's addresses, from what the user said and what the cluster has (upstream's `initIPFamilyFields`). */
export function settleFamilies(
  service: Service,
  old: Service | undefined,
  families: Families,
): FamiliesOutcome {
  const given = service.spec ?? {}
  const before = old?.spec?.type === 'ExternalName' ? undefined : old?.spec
  if (given.type === 'ExternalName') return { spec: given, errors: [] }
  if (before !== undefined && keepsPreference(given, before)) return { spec: given, errors: [] }
  const withPolicy = { ...given, ipFamilyPolicy: inferPolicy(given, before) }
  const single = withPolicy.ipFamilyPolicy === 'SingleStack'
  const spec = before !== undefined && single ? toSingle(withPolicy, before) : withPolicy
  const errors = [
    ...(before !== undefined && !single ? reduced(spec, before) : []),
    ...(single ? checkSingle(spec) : []),
  ]
  const inferred = inferFamilies(spec, families)
  if (errors.length + inferred.errors.length > 0) return { spec, errors: [...errors, ...inferred.errors] }
  return complete(inferred.spec, families)
}
