import type { Environment } from './api.ts'
import { extendedValidators } from './check/validators.ts'
import { environmentOf, type Library } from './environment.ts'
import { formatValidator } from './library/extensions/format-validator.ts'
import { listExtensions, listMacros } from './library/extensions/lists.ts'
import { setExtensions } from './library/extensions/sets.ts'
import { stringExtensions } from './library/extensions/strings.ts'
import { authorizerFunctions, authorizerSelectorFunctions } from './library/kubernetes/authorizer.ts'
import { cidrFunctions, cidrType } from './library/kubernetes/cidr.ts'
import { formatFunctions } from './library/kubernetes/format.ts'
import { ipFunctions, ipType } from './library/kubernetes/ip.ts'
import { listFunctions } from './library/kubernetes/lists.ts'
import { quantityFunctions } from './library/kubernetes/quantity.ts'
import { regexFunctions } from './library/kubernetes/regex.ts'
import { semverFunctions } from './library/kubernetes/semver.ts'
import { urlFunctions } from './library/kubernetes/urls.ts'
import { optionalLibrary, standardLibrary, twoVariableLibrary } from './library/standard.ts'

/** A library, and the minor version of Kubernetes 1 that brought it. */
interface VersionedLibrary {
  readonly since: number
  readonly library: Library
}

const of = (since: number, library: Library): VersionedLibrary => ({ since, library })

/** apiserver/pkg/cel/environment/base.go, of v1.36. */
const versioned: readonly VersionedLibrary[] = [
  of(0, standardLibrary),
  of(0, { functions: [...urlFunctions, ...regexFunctions, ...listFunctions] }),
  of(27, { functions: authorizerFunctions }),
  of(28, optionalLibrary),
  of(28, { functions: quantityFunctions }),
  of(29, { validators: extendedValidators }),
  of(29, { functions: stringExtensions, validators: [formatValidator] }),
  of(29, { functions: setExtensions }),
  of(30, { functions: [...ipFunctions, ...cidrFunctions], types: [ipType, cidrType] }),
  of(31, { functions: formatFunctions }),
  of(31, { functions: authorizerSelectorFunctions }),
  of(32, twoVariableLibrary),
  of(33, { functions: semverFunctions }),
  of(34, { functions: listExtensions, macros: listMacros }),
]

const upTo = (minor: number): Environment =>
  environmentOf(
    versioned.filter(({ since }) => since <= minor).map(({ library }) => library),
    { homogeneousLiterals: true },
  )

/** The oldest version that a roll-back from 1.36 may go to. */
const compatibleMinor = 35

/** For expressions that a client sends now: only what every version that may have to read them takes. */
export const newEnvironment = (): Environment => upTo(compatibleMinor)

/** For expressions that are stored: everything that any version ever took. */
export const storedEnvironment = (): Environment => upTo(Number.POSITIVE_INFINITY)
